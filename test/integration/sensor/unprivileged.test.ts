import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { exec, isRunning, processFacts, spawnProcess, systemClock, which } from '../../../src/base/index.js';
import type { Observation } from '../../../src/model/index.js';
import { type Sensor, startSensor, straceArguments } from '../../../src/sensor/index.js';
import { requires } from '../../requires.js';

const withStrace = await requires('strace', 'python');
const withPython = await requires('python');

const nobody = 65_534;
const isRoot = process.getuid?.() === 0;
const account = isRoot ? { uid: nobody, gid: nobody } : {};
let folder = '';
let sensor: Sensor | undefined;
let seen: Observation[] = [];
const waiting = new Set<() => void>();
const children: ReturnType<typeof spawnProcess>[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tc-sensor-'));
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'trace'), { mode: 0o700 });
  if (isRoot) chownSync(join(folder, 'trace'), nobody, nobody);
  seen = [];
  sensor = await startSensor({
    host: 'test-host',
    boot: 'b1',
    clock: systemClock,
    exec,
    sink: (observation) => {
      seen.push(observation);
      for (const check of [...waiting]) check();
    },
  });
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await sensor?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function until(condition: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const check = () => {
      if (!condition()) return;
      waiting.delete(check);
      resolve();
    };
    waiting.add(check);
    check();
  });
}

function launch(command: readonly string[], trace?: string) {
  const strace = which('strace');
  const prefix = trace === undefined || strace === undefined ? [] : straceArguments({ program: strace, output: trace });
  const [file = '', ...args] = [...prefix, ...command];
  const child = spawnProcess(file, args, { stdio: ['pipe', 'pipe', 'inherit'], cwd: folder, ...account });
  children.push(child);
  const pid = child.pid ?? 0;
  sensor?.add({
    workload: 'w1',
    service: 'web',
    identity: null,
    root: { pid, start: processFacts(pid)?.start ?? 0 },
    ...(trace === undefined ? {} : { trace, command: command[0] ?? '' }),
  });
  return { child, pid };
}

const story = `
import os, socket, subprocess, sys
listener = socket.socket(); listener.bind(('127.0.0.1', 0)); listener.listen(1)
client = socket.create_connection(listener.getsockname()); server = listener.accept()[0]
print(listener.getsockname()[1], flush=True)
for name in (b'forged\\nline\\t1', b'1 2.0 execve("/forged", ["x"], 0) = 0', b'quote" = 3', b'bad\\xff', b'<angle>, x) = 0'):
    try: open(b'/tmp/' + name)
    except OSError: pass
os.chdir('/etc')
open('hostname').close()
if os.fork() == 0:
    for descriptor in (0, 1, 2): os.dup2(client.fileno(), descriptor)
    os.execv('/bin/sh', ['sh', '-c', 'cat /etc/passwd >/dev/null; exit 7'])
os.wait()
sys.stdin.readline()
`;

withStrace(
  'sees the acts of an ordinary user through strace, with COMMAND keeping its pid and exit status',
  async () => {
    const { child, pid } = launch(['/usr/bin/python3', '-c', story], join(folder, 'trace', 'w1'));
    const status = new Promise((resolve) => child.on('close', resolve));
    const port = Number(
      await new Promise((resolve) => child.stdout?.once('data', (chunk: Buffer) => resolve(String(chunk)))),
    );
    // From strace, not from the poller beside it, which may be first.
    await until(() => seen.some(({ event, source }) => event.kind === 'exit' && source === 'strace'));
    expect(sensor?.watchedBy('w1')).toBe('strace');
    expect(sensor?.coverage().level).toBe('partial');
    child.stdin?.end('go\n');
    expect(await status).toBe(0);
    await until(() =>
      seen.some(({ event, source, join: keys }) => event.kind === 'exit' && source === 'strace' && keys.pid === pid),
    );
    const mine = seen.filter(({ workload, source }) => workload === 'w1' && source === 'strace');
    const executions = mine.flatMap(({ event, join: keys }) =>
      event.kind === 'exec' ? [{ ...event, pid: keys.pid }] : [],
    );
    expect(executions.map(({ path }) => path)).toEqual(['/usr/bin/python3', '/bin/sh', '/usr/bin/cat']);
    expect(executions[0]?.pid).toBe(pid);
    const opened = mine.flatMap(({ event }) => (event.kind === 'open' ? [event] : []));
    expect(opened).toContainEqual({ kind: 'open', path: '/etc/passwd', write: false, program: 'cat' });
    expect(opened).toContainEqual({ kind: 'open', path: '/etc/hostname', write: false, program: 'python3' });
    const failed = opened.filter((event) => event.failed === true).map(({ path }) => path);
    expect(failed).toContain('/tmp/forged\nline\t1');
    expect(failed).toContain('/tmp/1 2.0 execve("/forged", ["x"], 0) = 0');
    expect(failed).toContain('/tmp/quote" = 3');
    expect(failed).toContain('/tmp/bad\ufffd');
    expect(failed).toContain('/tmp/<angle>, x) = 0');
    expect(mine.map(({ event }) => event)).toContainEqual(
      expect.objectContaining({ kind: 'connect', protocol: 'tcp', port }),
    );
    expect(mine.find(({ event }) => event.kind === 'accept')?.join.socket?.local.port).toBe(port);
    const stdio = mine.flatMap(({ event }) => (event.kind === 'stdio-socket' ? [event.descriptor] : []));
    expect(stdio.slice(0, 3)).toEqual([0, 1, 2]);
    expect(mine.find(({ event }) => event.kind === 'stdio-socket')?.join.lineage).toEqual([pid]);
    expect(sensor?.lost()).toBe(0);
  },
);

withStrace('says so when the tracer is killed, and the workload lives on', async () => {
  const { child, pid } = launch(['/usr/bin/python3', '-c', story], join(folder, 'trace', 'w1'));
  const { start = 0 } = processFacts(pid) ?? {};
  await until(() => seen.some(({ event }) => event.kind === 'exit'));
  const tracer = Number(/TracerPid:\s+([0-9]+)/.exec((await exec('/bin/cat', [`/proc/${pid}/status`])).stdout)?.[1]);
  process.kill(tracer, 'SIGKILL');
  await until(() => seen.some(({ event }) => event.kind === 'sensor' && event.state === 'degraded'));
  expect(isRunning(pid, start)).toBe(true);
  expect(sensor?.watchedBy('w1')).toBe('proc');
  const status = new Promise((resolve) => child.on('close', resolve));
  child.stdin?.end('go\n');
  expect(await status).toBe(0);
});

withPython('without any tool sees long-lived processes and connections and names what it cannot see', async () => {
  const { child, pid } = launch([
    '/usr/bin/python3',
    '-c',
    `
import os, socket, sys
listener = socket.socket(); listener.bind(('127.0.0.1', 0)); listener.listen(1)
client = socket.create_connection(listener.getsockname()); server = listener.accept()[0]
if os.fork() == 0:
    for descriptor in (0, 1, 2): os.dup2(client.fileno(), descriptor)
    os.execv('/bin/sh', ['sh', '-c', 'read line; exit 7'])
sys.stdin.readline()
server.close()
`,
  ]);
  await until(() => seen.some(({ event }) => event.kind === 'stdio-socket'));
  const mine = seen.filter(({ workload }) => workload === 'w1');
  const paths = mine.flatMap(({ event }) => (event.kind === 'exec' ? [event.args[0]] : []));
  expect(paths).toContain('sh');
  const kinds = new Set(mine.map(({ event }) => event.kind));
  expect(kinds.has('connect') || kinds.has('accept')).toBe(true);
  expect(mine.find(({ event }) => event.kind === 'stdio-socket')?.join.lineage).toEqual([pid]);
  expect(sensor?.watchedBy('w1')).toBe('proc');
  const coverage = sensor?.coverage();
  expect(coverage).toMatchObject({ level: 'partial', by: 'proc' });
  expect(coverage?.gaps.map(({ what }) => what).join(' ')).toContain('which files are read');
  child.stdin?.end('go\n');
  await until(() => seen.some(({ event, join: keys }) => event.kind === 'exit' && keys.pid === pid));
});
