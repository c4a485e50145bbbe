import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { manualClock } from '../../base/index.js';
import { Sweeper } from '../sweeper.js';
import { frameTypes, type HopViolation, leastCredit, longestData, mostStreams, windowBytes } from './frames.js';
import { HopSession } from './session.js';
import type { HopStream } from './stream.js';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function socketPair(): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1'); // a TCP listener's address
  const [far] = await accepted;
  server.close();
  near.on('error', () => {});
  cleanups.push(() => {
    near.destroy();
    far.destroy();
  });
  return [near, far];
}

function timing() {
  const clock = manualClock();
  const sweeper = new Sweeper(clock, 3_600_000);
  cleanups.push(() => sweeper.stop());
  return { clock, sweeper };
}

interface Side {
  readonly session: HopSession;
  readonly over: Promise<HopViolation | undefined>;
}

function sideOf(socket: Socket, sweeper: Sweeper, onStream?: (stream: HopStream) => void): Side {
  let ended: (violation: HopViolation | undefined) => void = () => {};
  const over = new Promise<HopViolation | undefined>((resolve) => {
    ended = resolve;
  });
  const session = new HopSession({
    socket,
    sweeper,
    idleMs: 60_000,
    ...(onStream === undefined ? {} : { onStream }),
    onOver: ended,
  });
  session.start();
  cleanups.push(() => session.destroy());
  return { session, over };
}

/** Both ends of one connection; `take` gets the callee's streams. */
async function pair(take: (stream: HopStream) => void) {
  const [near, far] = await socketPair();
  const { clock, sweeper } = timing();
  const callee = sideOf(far, sweeper, take);
  const caller = sideOf(near, sweeper);
  return { clock, sweeper, caller, callee, near, far };
}

/** A callee whose peer is these bytes. */
async function hostile() {
  const [near, far] = await socketPair();
  const { clock, sweeper } = timing();
  const streams: HopStream[] = [];
  const callee = sideOf(far, sweeper, (stream) => streams.push(stream));
  return { peer: near, callee, streams, clock, sweeper };
}

function frame(type: number, value: number, stream: number, payload = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(((type << 24) | value) >>> 0, 0);
  header.writeUInt32BE(stream, 4);
  return Buffer.concat([header, payload]);
}

function echo(stream: HopStream): void {
  stream.receive((bytes, from, to) => {
    if (!stream.writeRange(bytes, from, to)) stream.pause();
  });
  stream.on('drain', () => stream.resume());
  stream.on('end', () => stream.end());
}

/** Writes all of it as fast as it is taken, then ends. */
function send(stream: HopStream, bytes: Buffer): void {
  let at = 0;
  const push = () => {
    while (at < bytes.length) {
      const stop = Math.min(bytes.length, at + 40_000);
      const more = stream.writeRange(bytes, at, stop);
      at = stop;
      if (!more) return;
    }
    stream.end();
  };
  stream.on('drain', push);
  push();
}

function collect(stream: HopStream): Promise<Buffer> {
  const pieces: Buffer[] = [];
  stream.receive((bytes, from, to) => pieces.push(Buffer.from(bytes.subarray(from, to))));
  return new Promise((resolve, reject) => {
    stream.on('end', () => resolve(Buffer.concat(pieces)));
    stream.on('close', () => reject(new Error('cut')));
  });
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn();
}

describe('a hop session', () => {
  test('carries 200 streams at once with slow readers, each byte in its place', async () => {
    const { caller } = await pair(echo);
    const bodies = Array.from({ length: 200 }, (_, index) => randomBytes(1 + ((index * 7_919) % 400_000)));
    const answers = bodies.map(async (body, index) => {
      const stream = caller.session.openStream();
      const answer = collect(stream);
      if (index % 3 === 0) {
        // Reads in gulps.
        const gulp = setInterval(() => (stream.isPaused() ? stream.resume() : stream.pause()), 3);
        stream.on('close', () => clearInterval(gulp));
        stream.on('end', () => clearInterval(gulp));
      }
      send(stream, body);
      return answer;
    });
    const got = await Promise.all(answers);
    for (const [index, body] of bodies.entries()) expect(got[index]?.equals(body)).toBe(true);
    await until(() => caller.session.streams === 0);
  });

  test('a stream that nobody reads holds up no other, and holds no more than its window', async () => {
    const stuck: HopStream[] = [];
    const { caller } = await pair((stream) => {
      if (stuck.length > 0) {
        echo(stream);
        return;
      }
      stuck.push(stream);
      stream.receive(() => {});
      stream.pause();
    });
    const first = caller.session.openStream();
    let taken = 0;
    while (first.writeRange(Buffer.alloc(10_000), 0, 10_000)) {
      taken += 10_000;
      await turn();
    }
    expect(taken).toBeLessThan(windowBytes + 10_000);
    const other = caller.session.openStream();
    const answer = collect(other);
    const body = randomBytes(1_000_000);
    send(other, body);
    expect((await answer).equals(body)).toBe(true);
    // And it goes on where it stood.
    const drained = once(first, 'drain');
    stuck[0]?.resume();
    await drained;
  });

  test('each direction ends on its own', async () => {
    let heard = '';
    const { caller } = await pair((stream) => {
      stream.receive((bytes, from, to) => {
        heard += bytes.toString('latin1', from, to);
      });
      stream.on('end', () => {
        stream.write('late');
        stream.end();
      });
    });
    const stream = caller.session.openStream();
    const answer = collect(stream);
    stream.write('early');
    stream.end();
    expect((await answer).toString()).toBe('late');
    expect(heard).toBe('early');
  });

  test('a reset reaches the other side as a cut, and nobody else', async () => {
    const { caller } = await pair((stream) => {
      stream.receive(() => {
        stream.write('half');
        setImmediate(() => stream.destroy());
      });
    });
    const [cut, whole] = [caller.session.openStream(), caller.session.openStream()];
    const answer = collect(cut);
    cut.write('x');
    await expect(answer).rejects.toThrow('cut');
    expect(cut.readableEnded).toBe(false);
    expect(whole.destroyed).toBe(false);
  });

  test('what was sent before an end is whole, though the sender wants no more', async () => {
    const { caller } = await pair((stream) => {
      stream.receive(() => {});
      stream.write('answer');
      stream.end();
      setImmediate(() => stream.destroy());
    });
    const stream = caller.session.openStream();
    stream.pause();
    const answer = collect(stream);
    await until(() => caller.session.streams === 1 && stream.write('x'));
    await turn();
    stream.resume();
    expect((await answer).toString()).toBe('answer');
  });

  test('a killed peer cuts every stream, and none looks complete', async () => {
    const { caller, far } = await pair((stream) => {
      stream.receive(() => {});
      stream.write('half');
    });
    const answers = Array.from({ length: 20 }, () => collect(caller.session.openStream()));
    const settled = Promise.allSettled(answers);
    await turn();
    far.destroy();
    for (const answer of await settled) expect(answer.status).toBe('rejected');
    expect(caller.session.open).toBe(false);
  });

  test('a retired session ends after its last stream, and takes no new one', async () => {
    const { caller, callee } = await pair(echo);
    const stream = caller.session.openStream();
    const answer = collect(stream);
    stream.write('before ');
    await until(() => callee.session.streams === 1);
    callee.session.retire();
    await until(() => caller.session.retired);
    expect(caller.session.open).toBe(false);
    stream.write('after');
    stream.end();
    expect((await answer).toString()).toBe('before after');
    expect(await caller.over).toBeUndefined();
    expect(await callee.over).toBeUndefined();
  });

  test('a retired session without streams ends at once', async () => {
    const { caller, callee } = await pair(echo);
    callee.session.retire();
    expect(await caller.over).toBeUndefined();
    expect(await callee.over).toBeUndefined();
  });

  test('takes no more streams than it may, and says so to each', async () => {
    const { peer, callee, streams } = await hostile();
    const answered: number[] = [];
    peer.on('data', (chunk: Buffer) => {
      for (let at = 0; at < chunk.length; at += 8) answered.push(chunk.readUInt32BE(at + 4));
    });
    for (let id = 1; id <= mostStreams + 3; id += 1) peer.write(frame(frameTypes.open, 0, id));
    await until(() => answered.length === 3);
    expect(answered).toEqual([mostStreams + 1, mostStreams + 2, mostStreams + 3]);
    expect(streams).toHaveLength(mostStreams);
    expect(callee.session.streams).toBe(mostStreams);
  });

  const open = frame(frameTypes.open, 0, 1);
  const data = (length: number) => frame(frameTypes.data, length, 1, Buffer.alloc(length));
  test.each([
    ['bytes of another protocol', Buffer.from('\u0016\u0003\u0001\u0002\u0000hello'), 'frame-type'],
    ['a stream out of turn', frame(frameTypes.open, 0, 2), 'stream-order'],
    ['a stream opened twice', Buffer.concat([open, open]), 'stream-order'],
    ['data for a stream that never was', frame(frameTypes.data, 1, 9, Buffer.from('x')), 'stream-unknown'],
    ['a reset of a stream that never was', frame(frameTypes.reset, 0, 9), 'stream-unknown'],
    ['data after the end', Buffer.concat([open, frame(frameTypes.end, 0, 1), data(1)]), 'data-after-end'],
    ['two ends', Buffer.concat([open, frame(frameTypes.end, 0, 1), frame(frameTypes.end, 0, 1)]), 'data-after-end'],
    ['more than its credit', Buffer.concat([open, data(longestData), data(longestData), data(1)]), 'credit-exceeded'],
    ['credit that nobody owes', Buffer.concat([open, frame(frameTypes.credit, leastCredit, 1)]), 'credit-overflow'],
    ['a flood of pings', Buffer.concat(Array.from({ length: 20_000 }, () => frame(frameTypes.ping, 0, 0))), 'flood'],
    [
      'a flood of opened and reset streams',
      Buffer.concat(
        Array.from({ length: 20_000 }, (_, index) => [
          frame(frameTypes.open, 0, index + 1),
          frame(frameTypes.reset, 0, index + 1),
        ]).flat(),
      ),
      'flood',
    ],
  ])('ends a connection with %s', async (_name, bytes, violation) => {
    const { peer, callee, streams } = await hostile();
    streams.length = 0;
    peer.write(bytes);
    peer.resume();
    expect(await callee.over).toBe(violation);
    await until(() => peer.destroyed || peer.readableEnded);
    for (const stream of streams) expect(stream.destroyed).toBe(true);
  });

  test('calls a connection that ends inside a frame by its name', async () => {
    const { peer, callee } = await hostile();
    peer.end(Buffer.concat([open, data(100).subarray(0, 50)]));
    expect(await callee.over).toBe('half-frame');
  });

  test('a caller takes no streams from its peer', async () => {
    const [near, far] = await socketPair();
    const caller = sideOf(near, timing().sweeper);
    far.write(open);
    expect(await caller.over).toBe('stream-order');
  });

  test('gives up a peer that says nothing to a question, and no peer that answers', async () => {
    const { peer, callee, clock, sweeper } = await hostile();
    peer.write(open);
    await until(() => callee.session.streams === 1);
    let heard = Buffer.alloc(0);
    peer.on('data', (chunk: Buffer) => {
      heard = Buffer.concat([heard, chunk]);
    });
    const pass = (seconds: number) => {
      for (let second = 0; second < seconds; second += 1) {
        clock.advance(1_000);
        sweeper.sweep();
      }
    };
    pass(7);
    await until(() => heard.length >= 8);
    expect(heard.subarray(0, 8)).toEqual(frame(frameTypes.ping, 0, 0));
    peer.write(frame(frameTypes.pong, 0, 0));
    peer.write(frame(frameTypes.ping, 0, 0));
    await until(() => heard.includes(frame(frameTypes.pong, 0, 0)));
    pass(18);
    expect(callee.session.streams).toBe(1);
    pass(8);
    expect(await callee.over).toBe('silent');
  });

  test('does not blame the peer for its own sleep', async () => {
    const { peer, callee, clock, sweeper } = await hostile();
    peer.write(open);
    await until(() => callee.session.streams === 1);
    clock.advance(120_000);
    sweeper.sweep();
    expect(callee.session.retired).toBe(false);
  });

  test('ends when it carried nothing for a while', async () => {
    const { clock, sweeper, caller, callee } = await pair(echo);
    clock.advance(61_000);
    sweeper.sweep();
    expect(await caller.over).toBeUndefined();
    expect(await callee.over).toBeUndefined();
  });
});
