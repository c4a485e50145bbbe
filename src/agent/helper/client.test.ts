import { PassThrough, Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { helperClient } from './client.js';
import { lineSplitter } from './lines.js';

/** The helper's end of a stream, answering by a function. */
function fakeHelper(answer: (request: { id: number; verb: string; session?: number }) => string | undefined) {
  const toClient = new PassThrough();
  const stream = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _, done) => {
      const line = answer(JSON.parse(chunk.toString('utf8')));
      if (line !== undefined) toClient.write(`${line}\n`);
      done();
    },
  });
  toClient.on('data', (chunk) => stream.push(chunk));
  return { stream, say: (line: string) => toClient.write(`${line}\n`) };
}

const hello = (id: number) => JSON.stringify({ id, ok: true, value: { pid: 1, uid: 0, protocol: 1 } });

describe('the helper’s client', () => {
  test('gives each answer to its own question, in whatever order they come', async () => {
    const held: string[] = [];
    const { stream, say } = fakeHelper(({ id }) => {
      held.push(hello(id));
      if (held.length === 2) for (const line of held.reverse()) say(line);
      return undefined;
    });
    const client = helperClient(stream);
    expect(await Promise.all([client.ask('hello', {}), client.ask('hello', {})])).toHaveLength(2);
    client.close();
  });

  test('passes a refusal on with code and hint', async () => {
    const { stream } = fakeHelper(({ id }) =>
      JSON.stringify({ id, ok: false, error: { code: 'refused', message: 'no', hint: 'ask' } }),
    );
    const client = helperClient(stream);
    await expect(client.ask('hello', {})).rejects.toMatchObject({ code: 'refused', hint: 'ask' });
    client.close();
  });

  test('believes no answer of the wrong shape, and reads past lines that are none', async () => {
    const { stream, say } = fakeHelper(({ id }) => JSON.stringify({ id, ok: true, value: { pid: 'x' } }));
    const client = helperClient(stream);
    say('garbage');
    say('{"id":1}');
    await expect(client.ask('hello', {})).rejects.toMatchObject({ code: 'malformed' });
    client.close();
  });

  test('fails open questions when the helper dies, says so once, and goes on with its successor', async () => {
    const first = fakeHelper(() => undefined);
    const client = helperClient(first.stream);
    let gone = 0;
    client.onGone = () => {
      gone += 1;
    };
    const open = client.ask('hello', {});
    first.stream.destroy();
    await expect(open).rejects.toMatchObject({ code: 'gone' });
    await expect(client.ask('hello', {})).rejects.toMatchObject({ code: 'gone' });
    client.attach(fakeHelper(({ id }) => hello(id)).stream);
    expect(await client.ask('hello', {})).toMatchObject({ protocol: 1 });
    expect(gone).toBe(1);
    client.close();
  });

  test('gives up on an answer that does not come', async () => {
    const client = helperClient(fakeHelper(() => undefined).stream);
    await expect(client.ask('hello', {}, 1)).rejects.toMatchObject({ code: 'timeout' });
    client.close();
  });

  test('told by the supervisor that the helper died, it ends what waits and asks its successor on the same stream', async () => {
    let dead = true;
    const { stream, say } = fakeHelper(({ id, verb }) =>
      dead && verb === 'hello' ? undefined : JSON.stringify({ id, ok: true, value: null }),
    );
    const client = helperClient(stream);
    const ended = new Promise<string>((resolve) => {
      void client.tracers.bpf.start({ parents: [], containers: false }, { line: () => {}, end: resolve }).then(() => {
        say('{"gone":true}');
      });
    });
    const open = expect(client.ask('hello', {})).rejects.toMatchObject({ code: 'gone' });
    expect(await ended).toBe('the privileged helper ended');
    await open;
    dead = false;
    expect(client.connected).toBe(true);
    expect(await client.ask('sensor.stop', { session: 9 })).toBeNull();
    client.close();
  });

  test('relays a sensor’s lines to its own session, and its end once', async () => {
    let session = 0;
    const { stream, say } = fakeHelper((request) => {
      session = request.session ?? session;
      return JSON.stringify({ id: request.id, ok: true, value: null });
    });
    const client = helperClient(stream);
    const lines: string[] = [];
    const ended = new Promise<string>((resolve) => {
      void client.tracers.bpf
        .start({ parents: [], containers: false }, { line: (line) => lines.push(line), end: resolve })
        .then(() => {
          say(`{"sensor":${session},"line":"a"}`);
          say(`{"sensor":${session + 1},"line":"foreign"}`);
          say(`{"sensor":${session},"ended":"over"}`);
          say(`{"sensor":${session},"line":"late"}`);
        });
    });
    expect(await ended).toBe('over');
    client.close();
    expect(lines).toEqual(['a']);
  });

  test('takes nothing that was meant for an agent before it', async () => {
    const asked: { id: number; session?: number }[] = [];
    const agent = () => {
      const { stream, say } = fakeHelper((request) => {
        asked.push(request);
        return undefined;
      });
      return { client: helperClient(stream), say };
    };
    const before = agent();
    const after = agent();
    const heard: string[] = [];
    const handlers = { line: (line: string) => heard.push(line), end: () => {} };
    const lost = expect(
      before.client.tracers.bpf.start({ parents: [], containers: false }, handlers),
    ).rejects.toThrow();
    const open = after.client.tracers.bpf.start({ parents: [], containers: false }, handlers);
    const [old, own] = asked;
    after.say(`{"sensor":${old?.session},"line":"old"}`);
    after.say(`{"id":${old?.id},"ok":false,"error":{"code":"refused","message":"old","hint":""}}`);
    after.say(`{"sensor":${own?.session},"line":"own"}`);
    after.say(`{"id":${own?.id},"ok":true,"value":null}`);
    await open;
    expect(heard).toEqual(['own']);
    before.client.close();
    after.client.close();
    await lost;
  });
});

test('a line is the same however its bytes are cut, and one that is too long is dropped whole', () => {
  const bytes = Buffer.from(`short\n${'x'.repeat(50)}\nnext é\n`);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const lines: string[] = [];
    const long: number[] = [];
    const feed = lineSplitter(
      20,
      (line) => lines.push(line),
      (size) => long.push(size),
    );
    feed(bytes.subarray(0, cut));
    feed(bytes.subarray(cut));
    expect([lines, long]).toEqual([['short', 'next é'], [50]]);
  }
});
