/**
 * The Docker Engine as far as we need it (API 1.41, Engine 20.10, and newer), as root: the privileged helper and `run` call
 * it, the agent's account cannot. Answers are bounded and read by schema; the workload's own words in them are hostile.
 */
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import {
  callEngine,
  type EngineCall,
  engineSocketPath,
  messageOf,
  openEngine,
  printable,
} from '../../../base/index.js';
import { ConfineError } from '../errors.js';
import { ContainerId } from '../rung.js';

const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const words = z
  .array(z.string())
  .nullish()
  .transform((list) => list ?? []);

const Version = z.object({ ApiVersion: z.string(), MinAPIVersion: z.string().default('1.12') });
const Image = z.object({
  Id: Digest,
  Config: z.object({ Entrypoint: words, Cmd: words, User: z.string().default('') }).nullish(),
});
const Mount = z.object({ Type: z.string(), Source: z.string().default(''), Destination: z.string(), RW: z.boolean() });
export const Inspected = z.object({
  Id: ContainerId,
  Image: Digest,
  Created: z.string(),
  Path: z.string(),
  Args: words,
  State: z.object({
    Running: z.boolean(),
    Pid: z.int().min(0),
    ExitCode: z.int(),
    Error: z.string().default(''),
    StartedAt: z.string(),
  }),
  Config: z.object({
    User: z.string().default(''),
    Env: words,
    Labels: z.record(z.string(), z.string()).nullish(),
  }),
  HostConfig: z.object({
    NetworkMode: z.string(),
    PidMode: z.string(),
    IpcMode: z.string(),
    UTSMode: z.string(),
    UsernsMode: z.string(),
    Privileged: z.boolean(),
    CgroupParent: z.string(),
    Devices: z.array(z.unknown()).nullish(),
  }),
  Mounts: z.array(Mount),
});
export type Inspected = z.infer<typeof Inspected>;
const Listed = z.array(z.object({ Id: ContainerId, State: z.string() }));
export const Changes = z.array(z.object({ Path: z.string(), Kind: z.int().min(0).max(2) })).nullable();

export interface ImageFacts {
  /** What is attested: the digest of the image's configuration. */
  readonly digest: string;
  /** What a container of it runs when nothing else is said. */
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly user: string;
}

export interface Engine {
  readonly socketPath: string;
  /** The API version that both sides speak. */
  readonly version: string;
  image(name: string): Promise<ImageFacts | undefined>;
  /** Makes an image of one tar archive. */
  importImage(archive: Uint8Array, tag: { readonly repo: string; readonly tag: string }, entry: string): Promise<void>;
  /** Not there is as good; false: still used by a container. */
  removeImage(name: string): Promise<boolean>;
  create(name: string, body: unknown): Promise<string>;
  start(id: string): Promise<void>;
  inspect(id: string): Promise<Inspected | undefined>;
  /** Ids of containers that carry all these labels, running or not. */
  list(labels: readonly string[]): Promise<{ readonly id: string; readonly running: boolean }[]>;
  kill(id: string, signal: string): Promise<void>;
  /** Ends it if it runs, and takes away its files and volumes. */
  remove(id: string): Promise<void>;
  /** Resolves with the exit status when it does not run any more. */
  wait(id: string, signal?: AbortSignal): Promise<number>;
  /** Both streams, as frames; see `splitFrames`. */
  logs(id: string, options: { readonly follow: boolean; readonly signal?: AbortSignal }): Promise<IncomingMessage>;
  changes(id: string): Promise<{ readonly path: string; readonly kind: 'changed' | 'added' | 'deleted' }[]>;
}

/** @throws ConfineError `engine-failed` when it does not answer, or speaks no version of ours */
export async function openDocker(socketPath = engineSocketPath): Promise<Engine> {
  const { ApiVersion, MinAPIVersion } = await ask({ socketPath, path: '/version' }, Version);
  if (newer('1.41', ApiVersion))
    throw new ConfineError('engine-failed', `the Docker Engine speaks API ${printable(ApiVersion, 20)} only`, {
      hint: 'install Docker Engine 20.10 or newer',
    });
  const version = newer(MinAPIVersion, '1.41') ? MinAPIVersion : '1.41';
  if (!/^\d+\.\d+$/.test(version)) throw new ConfineError('engine-failed', 'the Docker Engine names no API version');
  const at = `/v${version}`;
  const on = (id: string, what = '') => `${at}/containers/${encodeURIComponent(id)}${what}`;

  return {
    socketPath,
    version,
    image: async (name) => {
      const found = await ask({ socketPath, path: `${at}/images/${encodeURIComponent(name)}/json` }, Image, true);
      if (found === undefined) return undefined;
      const { Entrypoint = [], Cmd = [], User = '' } = found.Config ?? {};
      return { digest: found.Id, entrypoint: Entrypoint, cmd: Cmd, user: User };
    },
    importImage: async (archive, { repo, tag }, entry) => {
      const change = encodeURIComponent(`ENTRYPOINT ${JSON.stringify([entry])}`);
      const path = `${at}/images/create?fromSrc=-&repo=${repo}&tag=${tag}&changes=${change}`;
      const body = { type: 'application/x-tar', bytes: archive };
      await ask({ socketPath, method: 'POST', path, body, timeoutMs: 60_000 }, undefined);
    },
    removeImage: async (name) => {
      const path = `${at}/images/${encodeURIComponent(name)}`;
      const { status } = await call({ socketPath, method: 'DELETE', path, timeoutMs: 60_000 });
      return status === 200 || status === 404;
    },
    create: async (name, body) => {
      const sent = { type: 'application/json', bytes: JSON.stringify(body) };
      const path = `${at}/containers/create?name=${encodeURIComponent(name)}`;
      const made = z.object({ Id: ContainerId });
      return (await ask({ socketPath, method: 'POST', path, body: sent, timeoutMs: 60_000 }, made)).Id;
    },
    // A profile that is too tight makes the runtime hang: never without a limit.
    start: (id) => ask({ socketPath, method: 'POST', path: on(id, '/start'), timeoutMs: 60_000 }, undefined),
    inspect: (id) => ask({ socketPath, path: on(id, '/json') }, Inspected, true),
    list: async (labels) => {
      const filters = encodeURIComponent(JSON.stringify({ label: labels }));
      const found = await ask({ socketPath, path: `${at}/containers/json?all=1&filters=${filters}` }, Listed);
      return found.map(({ Id, State }) => ({ id: Id, running: State === 'running' }));
    },
    kill: async (id, signal) => {
      const { status, body } = await call({
        ...{ socketPath, method: 'POST', timeoutMs: 30_000 },
        path: on(id, `/kill?signal=${encodeURIComponent(signal)}`),
      });
      // 404 and 409: it is gone, or does not run.
      if (status >= 400 && status !== 404 && status !== 409) throw refused('kill', status, body);
    },
    remove: async (id) => {
      for (let left = 200; left > 0; left -= 1) {
        const path = on(id, '?force=1&v=1');
        const { status, body } = await call({ socketPath, method: 'DELETE', path, timeoutMs: 60_000 });
        if (status < 300 || status === 404) return;
        // 409: somebody else is removing it.
        if (status !== 409) throw refused('remove', status, body);
        await new Promise((resume) => setTimeout(resume, 50));
      }
      throw new ConfineError('engine-failed', `container ${id.slice(0, 12)} cannot be removed`);
    },
    wait: async (id, signal) => {
      const done = z.object({ StatusCode: z.int() });
      const path = on(id, '/wait?condition=not-running');
      const waited = { socketPath, method: 'POST', path, timeoutMs: null, ...(signal === undefined ? {} : { signal }) };
      return (await ask({ ...waited, method: 'POST' }, done)).StatusCode;
    },
    logs: async (id, { follow, signal }) => {
      const path = on(id, `/logs?stdout=1&stderr=1&follow=${follow ? 1 : 0}`);
      const options = { socketPath, path, timeoutMs: null, ...(signal === undefined ? {} : { signal }) };
      const response = await openEngine(options).catch((cause: unknown) => silent(socketPath, cause));
      if (response.statusCode !== 200) {
        response.destroy();
        throw refused('logs', response.statusCode ?? 0, Buffer.alloc(0));
      }
      return response;
    },
    changes: async (id) => {
      const kinds = ['changed', 'added', 'deleted'] as const;
      const found = await ask({ socketPath, path: on(id, '/changes'), timeoutMs: 60_000, maxBytes: 64 << 20 }, Changes);
      return (found ?? []).map(({ Path, Kind }) => ({ path: Path, kind: kinds[Kind] ?? 'changed' }));
    },
  };
}

/**
 * Cuts the Engine's log stream: 8 bytes in front of each piece, the first says which stream (1 out, 2 err), the last four
 * how long it is.
 */
export async function splitFrames(
  stream: AsyncIterable<Buffer>,
  take: (stream: 'stdout' | 'stderr', piece: Buffer) => Promise<void> | void,
): Promise<void> {
  const head = Buffer.alloc(8);
  let have = 0;
  let left = 0;
  for await (const chunk of stream) {
    for (let at = 0; at < chunk.length; ) {
      if (left === 0) {
        const part = chunk.subarray(at, at + 8 - have);
        part.copy(head, have);
        have += part.length;
        at += part.length;
        if (have < 8) continue;
        have = 0;
        left = head.readUInt32BE(4);
        continue;
      }
      const piece = chunk.subarray(at, at + left);
      await take(head[0] === 2 ? 'stderr' : 'stdout', piece);
      at += piece.length;
      left -= piece.length;
    }
  }
}

function call(options: EngineCall): ReturnType<typeof callEngine> {
  return callEngine(options).catch((cause: unknown) => silent(options.socketPath ?? engineSocketPath, cause));
}

async function ask<T>(options: EngineCall, schema: z.ZodType<T>, mayMiss: true): Promise<T | undefined>;
async function ask<T>(options: EngineCall, schema: z.ZodType<T>): Promise<T>;
async function ask(options: EngineCall, schema: undefined): Promise<void>;
async function ask<T>(options: EngineCall, schema: z.ZodType<T> | undefined, mayMiss = false): Promise<T | undefined> {
  const { status, body } = await call(options);
  const what = options.path.split('?')[0] ?? '';
  if (mayMiss && status === 404) return undefined;
  if (status >= 400) throw refused(what, status, body);
  if (schema === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new ConfineError('engine-failed', `the Docker Engine's answer to \`${what}\` is no JSON`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new ConfineError('engine-failed', `the Docker Engine's answer to \`${what}\` has another shape than expected`, {
    cause: parsed.error,
  });
}

function refused(what: string, status: number, body: Buffer): ConfineError {
  const said = /"message":"((?:[^"\\]|\\.)*)"/.exec(body.toString('utf8', 0, 4_096))?.[1] ?? '';
  return new ConfineError(
    'engine-failed',
    `the Docker Engine refused \`${what}\` (${status}): ${printable(said, 400)}`,
  );
}

function silent(socketPath: string, cause: unknown): never {
  throw new ConfineError(
    'engine-failed',
    `the Docker Engine at \`${socketPath}\` does not answer: ${messageOf(cause)}`,
    {
      cause,
      hint: 'start dockerd',
    },
  );
}

/** Versions of the API are written MAJOR.MINOR. */
function newer(a: string, b: string): boolean {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number);
  const [majorB = 0, minorB = 0] = b.split('.').map(Number);
  return majorA > majorB || (majorA === majorB && minorA > minorB);
}
