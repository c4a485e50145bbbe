/** The agent's end of one data plane process: keeps connected, says again what it must know, takes observations. */
import { connect, type Socket } from 'node:net';
import { type Logger, messageOf } from '../base/index.js';
import type { Observation, PlaneSnapshot } from '../model/index.js';
import { AgentError } from './errors.js';
import { FromPlane, maxControlLine, type ToPlaneInput } from '../traffic/index.js';
import { lineSplitter } from './helper/lines.js';

type Configure = Extract<ToPlaneInput, { type: 'configure' }>;
type Listening = Extract<FromPlane, { type: 'listening' }>;

export interface PlaneLink {
  configure(message: Omit<Configure, 'type'>): void;
  svid(keyPem: string, chainPem: readonly string[]): void;
  snapshot(snapshot: PlaneSnapshot): void;
  /**
   * What it listens on: the first answer that `accept` takes (an older configuration may be told of first).
   * Rejects with AgentError `plane-failed` when the process says that it cannot, or says nothing.
   */
  listening(timeoutMs: number, accept?: (listening: Listening) => boolean): Promise<Listening>;
  lastListening(): Listening | undefined;
  connected(): boolean;
  /** The revision of the snapshot it has in force, by its own word; null until it said so. */
  revision(): number | null;
  /** Ends the process. */
  stop(): void;
  /** Lets go of it; it runs on. */
  close(): void;
}

export interface PlaneLinkOptions {
  readonly socketPath: string;
  readonly log: Logger;
  /** Resolves when the observations are safe; then they are acknowledged. */
  readonly observations: (batch: readonly Observation[]) => Promise<void>;
  readonly changed: () => void;
}

export function linkPlane(options: PlaneLinkOptions): PlaneLink {
  let socket: Socket | undefined;
  let closed = false;
  let configure: Configure | undefined;
  let svid: ToPlaneInput | undefined;
  let snapshot: ToPlaneInput | undefined;
  let last: Listening | undefined;
  let revision: number | null = null;
  let waiters: { accept(listening: Listening): boolean; settle(answer: Listening | AgentError): void }[] = [];
  let pending: { seq: number; observation: Observation }[] = [];
  let saving = false;

  open();

  function open(): void {
    if (closed) return;
    const made = connect(options.socketPath);
    made.on('connect', () => {
      socket = made;
      for (const message of [configure, svid, snapshot]) if (message !== undefined) send(message);
      send({ type: 'status' });
    });
    made.on(
      'data',
      lineSplitter(maxControlLine, take, () => made.destroy()),
    );
    made.on('error', () => {});
    made.on('close', () => {
      if (socket === made) {
        socket = undefined;
        revision = null;
      }
      pending = [];
      if (!closed) setTimeout(open, 100).unref();
    });
  }

  function take(line: string): void {
    let message: FromPlane;
    try {
      message = FromPlane.parse(JSON.parse(line));
    } catch (error) {
      options.log.warn({ error: messageOf(error) }, 'data plane said something unreadable');
      return;
    }
    if (message.type === 'observation') {
      pending.push(message);
      void save();
    } else if (message.type === 'listening') {
      last = message;
      const listening = message;
      const content = waiters.filter((waiter) => waiter.accept(listening));
      waiters = waiters.filter((waiter) => !content.includes(waiter));
      for (const waiter of content) waiter.settle(listening);
      options.changed();
    } else if (message.type === 'status') {
      revision = message.revision;
    } else if (message.type === 'problem') {
      options.log.warn({ code: message.code, message: message.message }, 'data plane problem');
      if (message.code !== 'listen-failed' && message.code !== 'reconfigure-refused') return;
      const refusal = new AgentError('plane-failed', message.message, {
        hint: message.hint ?? 'is the port in use? choose another',
      });
      for (const waiter of waiters.splice(0)) waiter.settle(refusal);
    }
  }

  async function save(): Promise<void> {
    if (saving) return;
    saving = true;
    try {
      while (pending.length > 0) {
        const from = socket;
        const batch = pending.splice(0, 500);
        await options.observations(batch.map((item) => item.observation));
        const through = batch.at(-1)?.seq;
        if (from !== undefined && from === socket && through !== undefined) send({ type: 'ack', seq: through });
      }
    } catch (error) {
      // Not acknowledged: a new connection brings them again.
      options.log.error({ error: messageOf(error) }, 'observations of the data plane were not stored');
      socket?.destroy();
    } finally {
      saving = false;
    }
  }

  function send(message: ToPlaneInput): void {
    socket?.write(`${JSON.stringify(message)}\n`);
  }

  return {
    configure: (message) => {
      configure = { type: 'configure', ...message };
      send(configure);
    },
    svid: (keyPem, chainPem) => {
      svid = { type: 'svid', keyPem, chainPem: [...chainPem] };
      send(svid);
    },
    snapshot: (value) => {
      snapshot = { type: 'snapshot', snapshot: value };
      send(snapshot);
      send({ type: 'status' });
    },
    listening: (timeoutMs, accept = () => true) =>
      new Promise((resolve, reject) => {
        const waiter = {
          accept,
          settle: (answer: Listening | AgentError) => {
            clearTimeout(timer);
            if (answer instanceof AgentError) reject(answer);
            else resolve(answer);
          },
        };
        const timer = setTimeout(() => {
          waiters = waiters.filter((other) => other !== waiter);
          reject(new AgentError('plane-failed', `the data plane at ${options.socketPath} does not listen`));
        }, timeoutMs);
        waiters = [...waiters, waiter];
      }),
    lastListening: () => last,
    connected: () => socket !== undefined,
    revision: () => revision,
    stop: () => {
      send({ type: 'stop' });
      closed = true;
      socket?.end();
    },
    close: () => {
      closed = true;
      socket?.destroy();
    },
  };
}
