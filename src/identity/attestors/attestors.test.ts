import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { processFacts, spawnProcess, which } from '../../base/index.js';
import {
  attest,
  attestors,
  type AttestationInput,
  codeDigest,
  dockerAttestor,
  dockerEngine,
  entryFile,
  ownerOf,
  processAttestor,
  type ProcessReader,
  procfs,
} from './index.js';

let base: string;
let code: string;
const children: ChildProcess[] = [];
let engine: Server | undefined;

beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'tc-at-')));
  code = join(base, 'code');
  mkdirSync(join(code, 'lib'), { recursive: true });
  writeFileSync(join(code, 'server.js'), "console.log('up'); setInterval(() => {}, 1000);");
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  engine?.closeAllConnections();
  engine?.close();
  engine = undefined;
  rmSync(base, { recursive: true, force: true });
});

test('a launched script is attested by its entry, its code, its operator and its start', async () => {
  const { pid, start } = await launch(['server.js']);
  const found = await attest({ kind: 'process', pid, start, code, operator: 'ann' });
  expect(found).toEqual({
    kind: 'process',
    pid,
    start,
    executable: realpathSync(process.execPath),
    entry: join(code, 'server.js'),
    codeDigest: (await codeDigest(code)).digest,
    codeDirectory: code,
    operator: 'ann',
    uid: process.getuid?.(),
  });
});

test('a pid that now is another process, or none, is not attested', async () => {
  const { pid, start, child } = await launch(['server.js']);
  await expect(attest({ kind: 'process', pid, start: start + 1, code, operator: 'x' })).rejects.toMatchObject({
    code: 'process-changed',
  });
  child.kill('SIGKILL');
  await once(child, 'exit');
  await expect(attest({ kind: 'process', pid, start, code, operator: 'x' })).rejects.toMatchObject({
    code: 'process-changed',
  });
});

test('a process that turns into another program while it is read is refused', async () => {
  const { pid, start } = await launch(['server.js']);
  let asked = 0;
  const shifty: ProcessReader = { ...procfs, executable: (of) => (asked++ === 0 ? procfs.executable(of) : '/bin/sh') };
  await expect(
    processAttestor(shifty).attest({ kind: 'process', pid, start, code, operator: 'x' }),
  ).rejects.toMatchObject({ code: 'process-changed' });
  asked = 0;
  const reused: ProcessReader = {
    ...procfs,
    facts: (of) => ({ pid: of, ppid: 1, comm: 'x', state: 'S', start: asked++ === 0 ? start : start + 5 }),
  };
  await expect(
    processAttestor(reused).attest({ kind: 'process', pid, start, code, operator: 'x' }),
  ).rejects.toMatchObject({ code: 'process-changed' });
  const unreadable: ProcessReader = { ...procfs, executable: () => undefined };
  await expect(
    processAttestor(unreadable).attest({ kind: 'process', pid, start, code, operator: 'x' }),
  ).rejects.toMatchObject({ code: 'process-changed' });
});

test('an interpreter alone gets no identity', async () => {
  const child = spawnProcess(process.execPath, ['-e', "console.log('up'); setInterval(() => {}, 1000)"], { cwd: code });
  children.push(child);
  const pid = child.pid ?? 0;
  if (child.stdout !== null) await once(child.stdout, 'data');
  await expect(
    attest({ kind: 'process', pid, start: processFacts(pid)?.start ?? 0, code, operator: 'x' }),
  ).rejects.toMatchObject({ code: 'entry-not-found' });
});

test('what nobody knows is said to be so', async () => {
  await expect(attest({ kind: 'container', container: 'not-an-id' })).rejects.toMatchObject({ code: 'not-attestable' });
  expect(attestors.map((attestor) => attestor.name)).toEqual(['docker', 'process']);
});

test.each<[string, string, string[], string | null]>([
  ['a script', '/usr/bin/node', ['server.js'], 'server.js'],
  ['a script without its ending', '/usr/bin/node', ['./server'], 'server.js'],
  [
    'a script after options',
    '/usr/bin/node20',
    ['--enable-source-maps', '--max-old-space-size=64', '--title', 'x', '--', 'server.js', '-e', 'x'],
    'server.js',
  ],
  ['a preloaded module of the code', '/usr/bin/node', ['-r', './lib/a.js', 'server.js'], 'server.js'],
  ['a Python script', '/usr/bin/python3.11', ['-u', '-W', 'ignore', 'app.py'], 'app.py'],
  ['a Python module', '/usr/bin/python3', ['-m', 'lib'], 'lib/__main__.py'],
  ['a shell script', '/usr/bin/dash', ['-eu', 'run.sh'], 'run.sh'],
  ['a Perl script', '/usr/bin/perl', ['-w', '-I./e', 'app.pl'], 'app.pl'],
  ['a Ruby script', '/usr/bin/ruby3.1', ['app.rb'], 'app.rb'],
  ['a jar', '/usr/lib/jvm/bin/java', ['-Xmx64m', '-Da=b', '-jar', 'app.jar'], 'app.jar'],
  ['a class path', '/usr/lib/jvm/bin/java', ['-cp', 'app.jar:lib', 'Main'], 'app.jar'],
])('finds %s', (_what, executable, args, entry) => {
  fill();
  expect(entryFile(executable, ['argv0', ...args], code, code)).toEqual({
    kind: 'found',
    executable,
    entry: entry === null ? null : join(code, entry),
  });
});

test.each<[string, string, string[]]>([
  ['code on the command line', '/usr/bin/node', ['--eval=1', 'server.js']],
  ['code on the command line of Python', '/usr/bin/python3', ['-c', 'pass', 'app.py']],
  ['bundled options that hold code', '/usr/bin/python3', ['-uc', 'pass', 'app.py']],
  ['bundled options of Perl that hold code', '/usr/bin/perl', ['-we', 'print', 'app.pl']],
  ['bundled options of a shell that hold code', '/bin/bash', ['-ec', 'true', 'run.sh']],
  ['a script on standard input', '/bin/sh', ['-']],
  ['nothing at all', '/bin/sh', []],
  ['a login shell', '/bin/bash', ['-']],
  ['a module preloaded from elsewhere', '/usr/bin/node', ['--require=/etc/hostname', 'server.js']],
  ['a module preloaded as data', '/usr/bin/node', ['--import', 'data:text/javascript,1', 'server.js']],
  ['a script outside the code', '/usr/bin/node', ['/etc/hostname']],
  ['a script that climbs out', '/usr/bin/node', ['../outside.js']],
  ['a script that a link leads out to', '/usr/bin/node', ['link.js']],
  ['a module of the standard library', '/usr/bin/python3', ['-m', 'http.server']],
  ['an option that is not known', '/usr/bin/ruby', ['-x', 'app.rb']],
  ['a test run', '/usr/bin/node', ['--test', 'server.js']],
  ['a jar outside', '/usr/bin/java', ['-jar', '/etc/hostname']],
  ['a class path that leads out', '/usr/bin/java', ['-cp', 'app.jar:/etc', 'Main']],
  ['an agent from elsewhere', '/usr/bin/java', ['-javaagent:/etc/hostname', '-jar', 'app.jar']],
  ['an argument file', '/usr/bin/java', ['@args', '-jar', 'app.jar']],
  ['an interpreter nobody taught us', '/usr/bin/lua5.4', ['-e', 'x', 'app.lua']],
  ['a program outside the code that others could change', '/tmp/some-program', ['1']],
  ['a deleted program', '/usr/bin/node (deleted)', ['server.js']],
  ['a program in memory', '/memfd:x', ['server.js']],
])('refuses %s', (_what, executable, args) => {
  fill();
  expect(entryFile(executable, ['argv0', ...args], code, code)).toMatchObject({ kind: 'refused' });
});

test('a program of the code is its own entry, a renamed interpreter is not', () => {
  writeFileSync(join(code, 'native'), 'ELF');
  expect(entryFile(join(code, 'native'), ['x'], '/', code)).toEqual({
    kind: 'found',
    executable: join(code, 'native'),
    entry: null,
  });
  expect(entryFile(join(code, 'native'), ['x'], '/', join(code, 'native'))).toMatchObject({ kind: 'found' });
  const shell = which('sh');
  if (shell === undefined) throw new Error('no shell on this host');
  copyFileSync(shell, join(code, 'my-service'));
  expect(entryFile(join(code, 'my-service'), ['my-service', '/tmp/x'], '/', code)).toMatchObject({
    kind: 'refused',
    why: expect.stringContaining('copy of'),
  });
});

test('children belong to their workload by cgroup, ancestors or session; strangers to nobody', () => {
  const reader = world({
    100: { ppid: 1, start: 50, session: 100 },
    101: { ppid: 100, start: 60, session: 100 },
    102: { ppid: 101, start: 70, session: 102 },
    103: { ppid: 1, start: 80, session: 100 },
    104: { ppid: 1, start: 90, session: 104 },
    105: { ppid: 1, start: 95, session: 105, cgroup: '/tricordon/orders/inner' },
    106: { ppid: 1, start: 96, session: 106, cgroup: '/tricordon/orders-two' },
  });
  const known = [{ workload: 'orders', pid: 100, start: 50, cgroup: '/tricordon/orders' }];
  expect([100, 101, 102, 103, 104, 105, 106, 999].map((pid) => ownerOf(pid, known, reader))).toEqual([
    'orders',
    'orders',
    'orders',
    'orders',
    undefined,
    'orders',
    undefined,
    undefined,
  ]);
  // the known process has ended and its number was given to another
  expect([101, 103].map((pid) => ownerOf(pid, [{ workload: 'orders', pid: 100, start: 49 }], reader))).toEqual([
    undefined,
    undefined,
  ]);
  const nested = [
    ...known,
    { workload: 'inner', pid: 7, start: 1, cgroup: '/tricordon/orders/inner' },
    { workload: 'root', pid: 8, start: 1, cgroup: '/' },
  ];
  expect(ownerOf(105, nested, reader)).toBe('inner');
});

test('a parent younger than its child is a reused number and proves nothing', () => {
  const reader = world({ 200: { ppid: 1, start: 500, session: 200 }, 201: { ppid: 200, start: 100, session: 9 } });
  expect(ownerOf(201, [{ workload: 'w', pid: 200, start: 500 }], reader)).toBeUndefined();
});

test('a real child of a real process is found', async () => {
  const { pid, start } = await launch(['server.js']);
  expect(ownerOf(pid, [{ workload: 'w', pid, start }])).toBe('w');
  expect(ownerOf(process.pid, [{ workload: 'w', pid, start }])).toBeUndefined();
});

const container = 'a'.repeat(64);
const image = `sha256:${'b'.repeat(64)}`;

test.each(['12:pids:/docker/ID\n0::/docker/ID', '0::/system.slice/docker-ID.scope', '0::/docker/ID/init'])(
  'a container is attested by what the Engine says of it (%s)',
  async (lines) => {
    const socket = await fakeEngine();
    const reader = world({ 300: { ppid: 1, start: 7, session: 300, cgroups: lines.replaceAll('ID', container) } });
    const docker = dockerAttestor(dockerEngine(socket), reader);
    const expected = {
      kind: 'docker',
      container,
      imageConfig: image,
      imageManifest: `sha256:${'c'.repeat(64)}`,
      imageName: 'shop/orders',
      pid: 300,
      start: 7,
    };
    expect(await docker.attest({ kind: 'container', container })).toEqual(expected);
    expect(await docker.attest({ kind: 'process', pid: 300, start: 7, code: '/', operator: 'x' })).toEqual(expected);
  },
);

test('an image built on this host has no manifest digest', async () => {
  const reader = world({ 300: { ppid: 1, start: 7, session: 300, cgroups: `0::/docker/${container}` } });
  const docker = dockerAttestor(dockerEngine(await fakeEngine({ image: {} })), reader);
  expect(await docker.attest({ kind: 'container', container })).toMatchObject({ imageManifest: null });
});

test('a process outside containers is not Docker’s, whatever the Engine does', async () => {
  const docker = dockerAttestor(
    dockerEngine(join(base, 'none.sock')),
    world({ 5: { ppid: 1, start: 1, session: 5, cgroups: '0::/user.slice' } }),
  );
  expect(await docker.attest({ kind: 'process', pid: 5, start: 1, code: '/', operator: 'x' })).toBeUndefined();
  // hierarchies that name two containers prove neither
  const torn = world({
    5: { ppid: 1, start: 1, session: 5, cgroups: `1:x:/docker/${'e'.repeat(64)}\n0::/docker/${container}` },
  });
  expect(
    await dockerAttestor(dockerEngine(join(base, 'none.sock')), torn).attest({
      kind: 'process',
      pid: 5,
      start: 1,
      code: '/',
      operator: 'x',
    }),
  ).toBeUndefined();
});

test.each<[string, Parameters<typeof fakeEngine>[0], string]>([
  ['unknown to the Engine', { container: undefined }, 'process-changed'],
  ['stopped', { container: { State: { Running: false, Pid: 0 } } }, 'process-changed'],
  ['another one', { container: { Id: 'f'.repeat(64) } }, 'process-changed'],
  ['run by a process outside it', { container: { State: { Running: true, Pid: 301 } } }, 'process-changed'],
  ['gone', { container: { State: { Running: true, Pid: 302 } } }, 'process-changed'],
  ['restarted meanwhile', { restart: true }, 'process-changed'],
  ['described in another shape', { container: { Image: 'latest' } }, 'engine-answer-invalid'],
  ['described by no JSON', { raw: '<html>' }, 'engine-answer-invalid'],
  ['described endlessly', { raw: 'x'.repeat(5 << 20) }, 'engine-answer-invalid'],
  ['described by an error', { status: 500 }, 'engine-answer-invalid'],
])('refuses a container that is %s', async (_what, answers, wanted) => {
  const reader = world({
    300: { ppid: 1, start: 7, session: 300, cgroups: `0::/docker/${container}` },
    301: { ppid: 1, start: 7, session: 301, cgroups: '0::/' },
    303: { ppid: 1, start: 8, session: 303, cgroups: `0::/docker/${container}` },
  });
  const docker = dockerAttestor(dockerEngine(await fakeEngine(answers)), reader);
  await expect(docker.attest({ kind: 'container', container })).rejects.toMatchObject({ code: wanted });
});

test('a container is never attested as a plain process because the Engine is away', async () => {
  const reader = world({ 300: { ppid: 1, start: 7, session: 300, cgroups: `0::/docker/${container}` } });
  const asked = [dockerAttestor(dockerEngine(join(base, 'none.sock')), reader), processAttestor(reader)];
  const input: AttestationInput = { kind: 'process', pid: 300, start: 7, code, operator: 'x' };
  await expect(attest(input, asked)).rejects.toMatchObject({ code: 'engine-unreachable' });
});

function fill(): void {
  for (const name of [
    'lib/a.js',
    'app.py',
    'run.sh',
    'app.pl',
    'app.rb',
    'app.jar',
    'lib/__main__.py',
    'app.lua',
    '../outside.js',
  ])
    writeFileSync(join(code, name), '');
  symlinkSync('../outside.js', join(code, 'link.js'));
  chmodSync(join(code, 'run.sh'), 0o755);
}

async function launch(args: string[]): Promise<{ pid: number; start: number; child: ChildProcess }> {
  const child = spawnProcess(process.execPath, args, { cwd: code });
  children.push(child);
  if (child.stdout === null) throw new Error('no stdout');
  await once(child.stdout, 'data');
  const pid = child.pid ?? 0;
  return { pid, start: processFacts(pid)?.start ?? 0, child };
}

interface Fake {
  ppid: number;
  start: number;
  session: number;
  cgroup?: string;
  cgroups?: string;
}

function world(processes: Record<number, Fake>): ProcessReader {
  const of = (pid: number): Fake | undefined => processes[pid];
  return {
    facts: (pid) => {
      const found = of(pid);
      return found && { pid, ppid: found.ppid, start: found.start, state: 'S', comm: 'x' };
    },
    executable: () => undefined,
    commandLine: () => undefined,
    workingDirectory: () => undefined,
    uid: () => undefined,
    cgroups: (pid) => of(pid)?.cgroups ?? `0::${of(pid)?.cgroup ?? '/'}`,
    session: (pid) => of(pid)?.session,
  };
}

async function fakeEngine(
  answers: { container?: object | undefined; image?: object; raw?: string; status?: number; restart?: boolean } = {},
): Promise<string> {
  const inspect = { Id: container, Image: image, State: { Running: true, Pid: 300 }, Config: { Image: 'shop/orders' } };
  let asked = 0;
  engine = createServer((request, response) => {
    const isImage = request.url?.includes('/images/') === true;
    asked += isImage ? 0 : 1;
    if (!isImage && 'container' in answers && answers.container === undefined) return response.writeHead(404).end('{}');
    const moved = answers.restart === true && asked > 1 ? { State: { Running: true, Pid: 303 } } : {};
    const body = isImage
      ? (answers.image ?? { RepoDigests: [`shop/orders@sha256:${'c'.repeat(64)}`] })
      : { ...inspect, ...answers.container, ...moved };
    return response.writeHead(answers.status ?? 200).end(answers.raw ?? JSON.stringify(body));
  });
  const path = join(base, 'engine.sock');
  engine.listen(path);
  await once(engine, 'listening');
  return path;
}
