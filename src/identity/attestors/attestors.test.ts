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
import { which } from '../../base/index.js';
import { dockerAttestation } from './docker.js';
import { dockerEngine } from './docker-engine.js';
import { entryFile } from './entry-file.js';
import type { ProcessReader } from './process-reader.js';

let base: string;
let code: string;
let engine: Server | undefined;

beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'tc-at-')));
  code = join(base, 'code');
  mkdirSync(join(code, 'lib'), { recursive: true });
  writeFileSync(join(code, 'server.js'), "console.log('up'); setInterval(() => {}, 1000);");
});
afterEach(() => {
  engine?.closeAllConnections();
  engine?.close();
  engine = undefined;
  rmSync(base, { recursive: true, force: true });
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

const container = 'a'.repeat(64);
const image = `sha256:${'b'.repeat(64)}`;

test.each(['12:pids:/docker/ID\n0::/docker/ID', '0::/system.slice/docker-ID.scope', '0::/docker/ID/init'])(
  'a container is attested by what the Engine says of it (%s)',
  async (lines) => {
    const socket = await fakeEngine();
    const reader = world({ 300: { start: 7, cgroups: lines.replaceAll('ID', container) } });
    const expected = {
      kind: 'docker',
      container,
      imageConfig: image,
      imageManifest: `sha256:${'c'.repeat(64)}`,
      imageName: 'shop/orders',
      pid: 300,
      start: 7,
    };
    expect(await dockerAttestation(container, dockerEngine(socket), reader)).toEqual(expected);
  },
);

test('an image built on this host has no manifest digest', async () => {
  const reader = world({ 300: { start: 7, cgroups: `0::/docker/${container}` } });
  const attested = dockerAttestation(container, dockerEngine(await fakeEngine({ image: {} })), reader);
  await expect(attested).resolves.toMatchObject({ imageManifest: null });
});

test('an id that is none, or hierarchies that name two containers, prove nothing', async () => {
  await expect(dockerAttestation('not-an-id', dockerEngine(join(base, 'none.sock')))).rejects.toMatchObject({
    code: 'process-changed',
  });
  const torn = world({ 300: { start: 7, cgroups: `1:x:/docker/${'e'.repeat(64)}\n0::/docker/${container}` } });
  await expect(dockerAttestation(container, dockerEngine(await fakeEngine()), torn)).rejects.toMatchObject({
    code: 'process-changed',
  });
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
    300: { start: 7, cgroups: `0::/docker/${container}` },
    301: { start: 7, cgroups: '0::/' },
    303: { start: 8, cgroups: `0::/docker/${container}` },
  });
  const attested = dockerAttestation(container, dockerEngine(await fakeEngine(answers)), reader);
  await expect(attested).rejects.toMatchObject({ code: wanted });
});

test('an Engine that is away attests nothing', async () => {
  const reader = world({ 300: { start: 7, cgroups: `0::/docker/${container}` } });
  await expect(dockerAttestation(container, dockerEngine(join(base, 'none.sock')), reader)).rejects.toMatchObject({
    code: 'engine-unreachable',
  });
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

function world(processes: Record<number, { readonly start: number; readonly cgroups: string }>): ProcessReader {
  return {
    facts: (pid) => {
      const found = processes[pid];
      return found && { pid, ppid: 1, start: found.start, state: 'S', comm: 'x' };
    },
    cgroups: (pid) => processes[pid]?.cgroups,
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
