/** The built program, run as its users would: a house of its own per story, removed and checked afterwards. */
import type { ChildProcess } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  mkdirSync,
  chmodSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { cgroup2Mount, exec, environment, spawnProcess } from '../../../src/base/index.js';

export const tree = resolve(import.meta.dirname, '../../..');

export interface Done {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Runner {
  /** Words in front of the program: setpriv for another account. */
  readonly prefix: readonly string[];
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
}

export function asRoot(): Runner {
  return { prefix: [], program: join(tree, 'bin/tricordon.mjs'), env: plainEnvironment() };
}

/** An ordinary user with a home, and a copy of the program tree that it owns. */
export function asUser(directory: string, uid: number, path?: string): Runner {
  const home = join(directory, 'home');
  const copy = join(directory, 'tree');
  if (!existsSync(home)) {
    mkdirSync(home);
    mkdirSync(copy);
    for (const name of ['bin', 'dist', 'examples', 'package.json', 'package-lock.json'])
      cpSync(join(tree, name), join(copy, name), { recursive: true });
    symlinkSync(join(tree, 'node_modules'), join(copy, 'node_modules'));
  }
  const self = process.getuid?.() === 0;
  return {
    prefix: self ? ['/usr/bin/setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--'] : [],
    program: join(copy, 'bin/tricordon.mjs'),
    env: { ...plainEnvironment(), HOME: home, ...(path === undefined ? {} : { PATH: path }) },
  };
}

function plainEnvironment(): Record<string, string> {
  return { PATH: environment('PATH') ?? '', HOME: environment('HOME') ?? '/', LANG: 'C.UTF-8' };
}

/** A short directory that other accounts can pass through. */
export function roomy(): string {
  const directory = mkdtempSync('/tmp/th-');
  chmodSync(directory, 0o711);
  return directory;
}

export function start(runner: Runner, args: readonly string[], cwd = '/', env: Record<string, string> = {}): Running {
  const [file = '', ...rest] = [...runner.prefix, process.execPath, runner.program, ...args];
  const child = spawnProcess(file, rest, { cwd, env: { ...runner.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  return follow(child);
}

export interface Running {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly done: Promise<Done>;
  /** Resolves when `found` gives something of what was said; throws with all of it when the program ended before. */
  until<T>(found: (stdout: string, stderr: string) => T | undefined): Promise<T>;
}

export function follow(child: ChildProcess): Running {
  let out = '';
  let err = '';
  const listeners = new Set<() => void>();
  const said = () => {
    for (const listener of listeners) listener();
  };
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk.toString('utf8');
    said();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    err += chunk.toString('utf8');
    said();
  });
  let ended = false;
  const done = new Promise<Done>((settle, fail) => {
    child.once('error', fail);
    child.once('close', (status, signal) => {
      ended = true;
      settle({ status, signal, stdout: out, stderr: err });
      said();
    });
  });
  return {
    child,
    stdout: () => out,
    stderr: () => err,
    done,
    until: (found) =>
      new Promise((settle, fail) => {
        const look = () => {
          const value = found(out, err);
          if (value !== undefined) {
            listeners.delete(look);
            settle(value);
          } else if (ended) {
            listeners.delete(look);
            fail(new Error(`ended before: ${out}\n${err}`));
          }
        };
        listeners.add(look);
        look();
      }),
  };
}

export async function tricordon(
  runner: Runner,
  args: readonly string[],
  cwd = '/',
  env: Record<string, string> = {},
): Promise<Done> {
  return start(runner, args, cwd, env).done;
}

/** One installation. `up` runs until `down`. */
export interface House {
  readonly directory: string;
  readonly data: string;
  readonly runtime: string;
  readonly config: string;
  readonly runner: Runner;
  readonly instance: () => string;
  up(user?: string): Promise<Running>;
  cli(...args: string[]): Promise<Done>;
  json<T>(...args: string[]): Promise<T>;
  /** `run` in front of a command; `cwd` is its code directory. */
  run(args: readonly string[], command: readonly string[], cwd: string): Running;
  purge(): Promise<Done>;
}

export function house(runner: Runner, directory: string, configuration: object = {}): House {
  const data = join(directory, 'd');
  const runtime = join(directory, 'r');
  const config = join(directory, 'tricordon.yaml');
  writeFileSync(
    config,
    stringify({ console: { listen: '127.0.0.1:0' }, agents: { listen: '127.0.0.1:0' }, ...configuration }),
  );
  const where = ['--data-dir', data];
  let instance = '';
  const self: House = {
    directory,
    data,
    runtime,
    config,
    runner,
    instance: () => instance,
    up: async (user) => {
      const running = start(runner, [
        ...['up', '--config', config, ...where, '--runtime-dir', runtime, '-o', 'json'],
        ...(user === undefined ? [] : ['--user', user]),
      ]);
      await running.until((out) => (out.includes('"ready":true') ? true : undefined));
      instance = readFileSync(join(data, 'instance'), 'utf8').trim();
      return running;
    },
    cli: (...args) => tricordon(runner, [...args, ...where]),
    json: async <T>(...args: string[]) => {
      const done = await tricordon(runner, [...args, ...where, '-o', 'json']);
      return JSON.parse(done.stdout) as T; // the shape is what the test then asserts
    },
    run: (args, command, cwd) => start(runner, ['run', ...where, ...args, '--', ...command], cwd),
    purge: () => tricordon(runner, ['down', '--purge', ...where, '--runtime-dir', runtime, '-o', 'json']),
  };
  return self;
}

/** Asks again and again until `look` gives something; the test's own time limit is the only one. */
export async function eventually<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (;;) {
    const value = await look();
    if (value !== undefined) return value;
    await new Promise((resume) => setTimeout(resume, 100));
  }
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Status 0: no answer at all. */
export function get(url: string, options: { method?: string; agent?: false } = {}): Promise<Answer> {
  return new Promise((settle) => {
    const sent = request(url, { method: options.method ?? 'GET', agent: false, timeout: 10_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => settle({ status: response.statusCode ?? 0, text }));
      response.on('error', () => settle({ status: 0, text }));
    });
    sent.on('timeout', () => sent.destroy());
    sent.on('error', (error) => settle({ status: 0, text: error.message }));
    sent.end();
  });
}

/** What of an installation is still on this host: empty when it was removed. */
export async function leftOf(directory: string, instance: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (cgroupNamespace(pid) !== cgroupNamespace('self')) continue; // a container's, hence another host's
    const line = commandLine(pid);
    if (Number(pid) !== process.pid && line.includes(`${directory}/`)) found.push(`process ${pid}: ${line}`);
  }
  if (instance !== '') {
    if (existsSync('/run/netns'))
      found.push(...readdirSync('/run/netns').filter((name) => name.includes(`tricordon-${instance}`)));
    const cgroup = join(cgroup2Mount() ?? '/nowhere', 'tricordon', instance);
    if (existsSync(cgroup)) found.push(cgroup);
  }
  return found;
}

function cgroupNamespace(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/cgroup`);
  } catch {
    return ''; // gone
  }
}

/** Accounts of ours in /etc/passwd. */
export function ourAccounts(): string[] {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .flatMap((line) => (line.startsWith('tricordon') ? [line.split(':')[0] ?? ''] : []));
}

export function commandLine(pid: string | number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

export function remove(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}

export async function ownedBy(uid: number, ...paths: string[]): Promise<void> {
  if (process.getuid?.() === 0) await exec('chown', ['-R', `${uid}:${uid}`, ...paths]);
}
