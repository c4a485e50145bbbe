/** A house of one workload in a temporary folder, with a stand-in for the sidecar, driven over stdin and stdout. */
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createInterface } from 'node:readline';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { minimalEnvironment, spawnProcess } from '../../../src/base/index.js';
import { sweepHouse } from '../../../src/agent/confine/index.js';
import { secureProgram } from '../../../src/agent/helper/program-tree.js';

export const account = { uid: 65_534, gid: 65_534 };

export interface Program {
  readonly programDir: string;
  readonly nodePath: string;
  remove(): void;
}

/** A program tree that every account can read, with the stand-in in place of the sidecar. */
export function testProgram(): Program {
  if (!existsSync('dist/agent/confine/launcher.js')) throw new Error('build first: npm run build');
  const home = mkdtempSync('/tmp/tcp-');
  chmodSync(home, 0o755);
  const own = { programDir: process.cwd(), nodePath: process.execPath };
  const secured = process.getuid?.() === 0 ? secureProgram(own.programDir, own.nodePath, join(home, 'copy')) : own;
  const programDir = join(home, 'p');
  mkdirSync(programDir);
  cpSync(join(secured.programDir, 'dist'), join(programDir, 'dist'), { recursive: true });
  cpSync(join(secured.programDir, 'package.json'), join(programDir, 'package.json'));
  cpSync(join(import.meta.dirname, 'stand-in-plane.mjs'), join(programDir, 'dist/traffic/main.js'));
  // A link into /tmp would lead nowhere once /tmp is covered.
  const packages = realpathSync(join(secured.programDir, 'node_modules'));
  const linked = join(programDir, 'node_modules');
  if (packages.startsWith('/tmp/')) cpSync(packages, linked, { recursive: true, dereference: true });
  else symlinkSync(packages, linked);
  return { programDir, nodePath: secured.nodePath, remove: () => rmSync(home, { recursive: true, force: true }) };
}

export interface House {
  readonly home: string;
  readonly cwd: string;
  readonly runtimeDir: string;
  readonly dataDir: string;
  remove(): void;
}

/** Folders of one house, all owned by the account. */
export function testHouse(): House {
  const home = mkdtempSync('/tmp/tch-');
  const folders = { home, cwd: join(home, 'c'), runtimeDir: join(home, 'r'), dataDir: join(home, 'd') };
  for (const folder of Object.values(folders)) {
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o755);
    chownSync(folder, account.uid, account.gid);
  }
  for (const name of ['p', 'w']) {
    mkdirSync(join(folders.runtimeDir, name));
    chownSync(join(folders.runtimeDir, name), account.uid, account.gid);
  }
  writeFileSync(join(folders.dataDir, 'secret'), 'the key of the house');
  return { ...folders, remove: () => rmSync(home, { recursive: true, force: true }) };
}

export function testSpec(house: House, program: Program) {
  return {
    instance: randomBytes(4).toString('hex'),
    workload: `web-host-${randomBytes(4).toString('hex')}`,
    service: 'web',
    port: 8_000,
    calls: [
      { service: 'db', host: 'db.internal', port: 5_432 },
      { service: 'cache', host: '127.0.0.1', port: 5_433 },
    ],
    ...account,
    cwd: house.cwd,
    runtimeDir: house.runtimeDir,
    hideDirs: [house.dataDir],
    keepPaths: [house.cwd],
    workloadApiSocket: null,
    nodePath: program.nodePath,
    programDir: program.programDir,
  };
}

export interface Driver {
  /** Sends one request and waits for its answer. */
  ask(line: string): Promise<{ value?: unknown; error?: string; code?: string }>;
  /** The next line of this type. */
  next(type: string): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

/** Starts driver.mjs as root, or as the account. */
export function drive(
  settings: { readonly spec: ReturnType<typeof testSpec>; readonly [name: string]: unknown },
  as: 'root' | 'user',
  program: Program,
): Driver {
  const user = [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups'];
  const words = [program.nodePath, join(program.programDir, 'dist', 'driver.mjs'), JSON.stringify(settings)];
  cpSync(join(import.meta.dirname, 'driver.mjs'), join(program.programDir, 'dist', 'driver.mjs'));
  const child = spawnProcess('setpriv', [...(as === 'user' ? user : []), '--', ...words], {
    cwd: '/',
    stdio: ['pipe', 'pipe', 'inherit'],
    env: minimalEnvironment(),
  });
  const lines: Record<string, unknown>[] = [];
  const waiting: { type: string; resolve: (line: Record<string, unknown>) => void; reject: (error: Error) => void }[] =
    [];
  if (child.stdout === null || child.stdin === null) throw new Error('no pipes');
  const { stdin } = child;
  const exited = new Promise<void>((resolve) => child.on('close', () => resolve()));
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line: Record<string, unknown> = JSON.parse(text);
    const index = waiting.findIndex(({ type }) => type === line['type']);
    if (index < 0) lines.push(line);
    else waiting.splice(index, 1)[0]?.resolve(line);
  });
  child.on('close', (status) => {
    for (const { type, reject } of waiting) reject(new Error(`the driver ended (${status}) before \`${type}\``));
  });
  const next = (type: string) =>
    new Promise<Record<string, unknown>>((resolve, reject) => {
      const index = lines.findIndex((line) => line['type'] === type);
      const found = index < 0 ? undefined : lines.splice(index, 1)[0];
      if (found === undefined) waiting.push({ type, resolve, reject });
      else resolve(found);
    });
  return {
    next,
    ask: (line) => {
      stdin.write(`${line}\n`);
      return next(line.split(' ')[0] ?? '');
    },
    close: async () => {
      stdin.end();
      await exited;
      await sweepHouse(settings.spec.instance);
    },
  };
}
