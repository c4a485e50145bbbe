/** The data plane process's end of the control socket: takes the agent's lines, hands out records until acknowledged. */
import { chmodSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { codeOf, type Logger, messageOf, TricordonError } from '../base/index.js';
import { type FromPlane, maxControlLine, ToPlane } from './control-protocol.js';
import { TrafficError } from './errors.js';
import type { Plane } from './plane.js';
import { observationJson, type RecordSubject } from './record.js';
import type { RecordRing } from './record-ring.js';

/** How long records are gathered before they are written, in milliseconds. */
const gatherMs = 20;
const batch = 256;

export interface ControlServerOptions {
  readonly path: string;
  readonly plane: Plane;
  readonly ring: RecordRing;
  readonly boot: string;
  readonly log: Logger;
  readonly stop: () => void;
}

export interface ControlServer {
  /** Says `listening` again: the inlet's listener arrived. */
  listening(): void;
  close(): Promise<void>;
}

/** @throws TrafficError `control-path` when the socket cannot be made there */
export async function serveControl(options: ControlServerOptions): Promise<ControlServer> {
  const { plane, ring, log } = options;
  let agent: Socket | undefined;
  let subject: RecordSubject | undefined;
  let sent = 0;
  let timer: NodeJS.Timeout | undefined;
  // Lines are carried out one after the other: `configure` waits for its ports.
  let work: Promise<void> = Promise.resolve();

  ring.onRecord = () => {
    if (agent !== undefined && timer === undefined) timer = setTimeout(flush, gatherMs);
  };

  const server = createServer((socket) => {
    agent?.destroy();
    agent = socket;
    sent = ring.oldest - 1;
    socket.setEncoding('utf8');
    socket.on('error', () => {});
    socket.on('close', () => {
      if (agent === socket) agent = undefined;
    });
    socket.on('drain', flush);
    readLines(socket, (line) => {
      work = work.then(() => take(line, socket)).catch((error: unknown) => problem(error));
    });
    say({
      type: 'hello',
      protocol: 1,
      pid: process.pid,
      boot: options.boot,
      service: subject?.service ?? null,
      revision: plane.status().revision,
    });
    if (subject !== undefined) say(plane.listening());
    flush();
  });
  await bind(server, options.path);

  return {
    listening: () => {
      if (subject !== undefined) say(plane.listening());
    },
    close: async () => {
      clearTimeout(timer);
      ring.onRecord = () => {};
      agent?.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };

  async function take(line: string, from: Socket): Promise<void> {
    if (from !== agent) return;
    let message: ToPlane;
    try {
      message = ToPlane.parse(JSON.parse(line));
    } catch (cause) {
      // The text is not repeated: it may hold a key.
      throw new TrafficError('message-refused', 'the agent sent a line that is no message', { cause });
    }
    switch (message.type) {
      case 'configure':
        await plane.configure(message);
        subject = {
          host: message.host,
          service: message.service,
          workload: message.workload,
          identity: message.identity,
          source: message.role,
          boot: options.boot,
        };
        say(plane.listening());
        flush();
        return;
      case 'svid':
        plane.svid(message.keyPem, message.chainPem);
        return;
      case 'snapshot':
        plane.snapshot(message.snapshot);
        return;
      case 'ack':
        ring.acknowledge(message.seq);
        return;
      case 'status':
        say({
          type: 'status',
          service: subject?.service ?? null,
          ...plane.status(),
          counts: { ...plane.counts },
          buffered: ring.buffered,
          lost: ring.lost,
        });
        return;
      case 'drain':
        // Not waited for: what comes next (`stop`, `status`) must get through.
        void plane.drain(message.deadlineMs).then(() => say({ type: 'drained' }));
        return;
      case 'stop':
        options.stop();
        return;
      default:
        message satisfies never;
    }
  }

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (subject === undefined) return;
    sent = Math.max(sent, ring.oldest - 1);
    while (agent !== undefined && sent < ring.next - 1 && !agent.writableNeedDrain) {
      let text = '';
      for (let count = 0; count < batch && sent < ring.next - 1; count += 1) {
        const slot = ring.at(sent + 1);
        if (slot !== undefined) {
          text += `{"type":"observation","seq":${slot.seq},"observation":${observationJson(slot, subject)}}\n`;
        }
        sent += 1;
      }
      agent.write(text, 'latin1');
    }
  }

  function say(message: FromPlane): void {
    agent?.write(`${JSON.stringify(message)}\n`);
  }

  function problem(error: unknown): void {
    const known = error instanceof TricordonError;
    log.warn({ code: codeOf(error), error: messageOf(error) }, 'control message not carried out');
    say({
      type: 'problem',
      code: known ? error.code : 'internal',
      message: messageOf(error),
      ...(known && error.hint !== undefined ? { hint: error.hint } : {}),
    });
  }
}

function readLines(socket: Socket, take: (line: string) => void): void {
  let rest = '';
  socket.on('data', (chunk: string) => {
    rest += chunk;
    let at = rest.indexOf('\n');
    if (at < 0 && rest.length > maxControlLine) {
      socket.destroy();
      return;
    }
    let from = 0;
    while (at >= 0) {
      if (at > from) take(rest.slice(from, at));
      from = at + 1;
      at = rest.indexOf('\n', from);
    }
    rest = rest.slice(from);
  });
}

/** Listens on a path with mode 0600; a socket left behind by a dead process is removed, a live one is not. */
async function bind(server: Server, path: string): Promise<void> {
  if (Buffer.byteLength(path) > 107) {
    throw new TrafficError('control-path', `the socket path \`${path}\` is longer than 107 bytes`, {
      hint: 'choose a shorter runtime directory',
    });
  }
  try {
    await listen(server, path).catch(async (error: unknown) => {
      if (codeOf(error) !== 'EADDRINUSE' || (await answers(path))) throw error;
      unlinkSync(path);
      await listen(server, path);
    });
    chmodSync(path, 0o600);
  } catch (cause) {
    throw new TrafficError('control-path', `cannot listen on \`${path}\`: ${messageOf(cause)}`, { cause });
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      server.on('error', () => {});
      resolve();
    });
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
