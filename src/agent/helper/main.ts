/**
 * The privileged helper: the one process that stays root besides the supervisor. `node main.js SETTINGS-JSON`, requests on
 * descriptor 3. It ends when that closes; what it made (namespaces, cgroups, planes) stays for its successor.
 */
import { Socket } from 'node:net';
import { z } from 'zod';
import { exec, logger, messageOf } from '../../base/index.js';
import { directBpf, directBpftrace } from '../../sensor/index.js';
import { bestRung, CleanPath } from '../confine/index.js';
import { serveHelper } from './serve.js';

/** Given by the supervisor as the only argument. */
export const HelperSettings = z.strictObject({
  instance: z.string().regex(/^[0-9a-f]{8}$/),
  agent: z.strictObject({ uid: z.int().min(1), gid: z.int().min(1) }),
  dataDir: CleanPath,
  runtimeDir: CleanPath,
  programDir: CleanPath,
  nodePath: CleanPath,
});
export type HelperSettings = z.infer<typeof HelperSettings>;

const log = logger('helper');

try {
  if (process.getuid?.() !== 0) throw new Error('the privileged helper is started by `tricordon up` as root');
  const settings = HelperSettings.parse(JSON.parse(process.argv[2] ?? ''));
  // The working directory of whoever started us must not keep a file system busy.
  process.chdir('/');
  process.umask(0o022);
  const stream = new Socket({ fd: 3, readable: true, writable: true });
  const sensors = new Map();
  const tracers = { bpftrace: directBpftrace({ exec, isRoot: true }), bpf: directBpf({ isRoot: true }) };
  await serveHelper(stream, { ...settings, capture: once(bestRung), tracers, sensors });
  await Promise.allSettled([...sensors.values()].map((running) => running.stop()));
  process.exit(0);
} catch (error) {
  log.fatal({ error: messageOf(error) }, 'helper cannot run');
  process.exit(1);
}

/** The first success is kept; a failure is tried again by whoever asks next. */
function once<T>(find: () => Promise<T>): () => Promise<T> {
  let found: Promise<T> | undefined;
  return () => {
    found ??= find().catch((error: unknown) => {
      found = undefined;
      throw error;
    });
    return found;
  };
}
