import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { spawnProcess } from '../../../src/base/index.js';
import { directBpf } from '../../../src/sensor/index.js';
import { requires } from '../../requires.js';
import { kernelStories } from './kernel-stories.js';
import { world } from './world.js';

const it = await requires('root', 'bpf', 'python');

const here = world('bpf', directBpf({ isRoot: true }));
const { of, run, ended, sensor } = here;
kernelStories(it, 'bpf', here);

const network = `
import json, os, socket
def refused(family, host):
    free = socket.socket(family); free.bind((host, 0)); port = free.getsockname()[1]; free.close()
    try: socket.socket(family).connect((host, port))
    except ConnectionRefusedError: return port
def connected(family, host):
    listener = socket.socket(family); listener.bind((host, 0)); listener.listen(1)
    client = socket.socket(family); client.connect(listener.getsockname()[:2])
    server = listener.accept()[0]
    return listener.getsockname()[1], client.getsockname()[1], client
pairs = ((socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1'))
good = [connected(*pair) for pair in pairs]
print(json.dumps({'refused': [refused(*pair) for pair in pairs], 'connected': [g[:2] for g in good]}), flush=True)
# Three ways a socket comes onto a standard stream without dup2.
import fcntl
os.close(0); os.dup(good[0][2].fileno())
os.close(1); fcntl.fcntl(good[1][2].fileno(), fcntl.F_DUPFD, 1)
os.close(2); fcntl.fcntl(good[1][2].fileno(), fcntl.F_DUPFD_CLOEXEC, 2)
`;

it('tells connections that stand from refused ones, over IPv4 and IPv6, and who is at both ends', async () => {
  const ports = JSON.parse(await run('network', '/usr/bin/python3', ['-c', network]));
  await ended('network');
  const mine = of('network');
  for (const [n, address] of ['127.0.0.1', '::1'].entries()) {
    const [server, client] = ports.connected[n];
    const ends = { client: { address, port: client }, server: { address, port: server } };
    const stands = mine.find(({ event }) => event.kind === 'connect' && event.port === server);
    expect(stands?.event).toEqual({ kind: 'connect', protocol: 'tcp', ...ends.server, program: 'python3' });
    expect(stands?.join.socket).toEqual({ local: ends.client, peer: ends.server });
    const accepted = mine.find(({ event }) => event.kind === 'accept' && event.port === client);
    expect(accepted?.join.socket).toEqual({ local: ends.server, peer: ends.client });
    const refused = mine.find(({ event }) => event.kind === 'connect' && event.port === ports.refused[n]);
    expect(refused?.event).toMatchObject({ address, failed: true });
  }
  const streams = mine.flatMap(({ event }) => (event.kind === 'stdio-socket' ? [event.descriptor] : []));
  expect(streams).toEqual([0, 1, 2]);
});

const files = `
import os
os.makedirs('/tmp/tricordon-bpf', exist_ok=True); os.chdir('/tmp/tricordon-bpf')
os.close(os.open('written', os.O_WRONLY | os.O_CREAT)); open('written').close(); os.unlink('written'); os.rmdir('/tmp/tricordon-bpf')
if os.fork() == 0:
    if os.fork() == 0:
        os.setuid(65534)
        try: open('/etc/shadow')
        except PermissionError: os.execv('/bin/true', ['true', 'grandchild'])
    os._exit(os.wait()[1])
os.wait()
`;

it('tells reading, writing and refused, completes relative names, and follows a double fork in order', async () => {
  await run('files', '/usr/bin/python3', ['-c', files]);
  await ended('files');
  const mine = of('files');
  const opened = mine.flatMap(({ event }) => (event.kind === 'open' ? [event] : []));
  const path = '/tmp/tricordon-bpf/written';
  expect(opened).toContainEqual({ kind: 'open', path, write: true, program: 'python3' });
  expect(opened).toContainEqual({ kind: 'open', path, write: false, program: 'python3' });
  const shadow = mine.find(({ event }) => event.kind === 'open' && event.path === '/etc/shadow');
  expect(shadow?.event).toMatchObject({ failed: true, refused: true, program: 'python3' });
  const first = mine.find(({ event }) => event.kind === 'exec')?.join.pid;
  const execution = mine.find(({ event }) => event.kind === 'exec' && event.path === '/bin/true');
  expect(execution?.join.pid).toBe(shadow?.join.pid);
  expect(execution?.join.lineage).toHaveLength(2);
  expect(execution?.join.lineage?.at(-1)).toBe(first);
  const order = mine.filter(({ join }) => join.pid === execution?.join.pid).map(({ event }) => event.kind);
  expect(order.indexOf('exec')).toBeGreaterThan(order.indexOf('open'));
  expect(order.at(-1)).toBe('exit');
  const times = mine.map(({ at }) => at);
  expect(times).toEqual([...times].sort((a, b) => a - b));
});

it('loses nothing in silence: of 100,000 files opened as fast as can be, all are seen or counted as lost', async () => {
  const count = 100_000;
  const before = sensor().lost();
  const flood = `
import os
for n in range(${count}):
    try: os.open('/nonexistent/%d' % n, os.O_RDONLY)
    except OSError: pass
`;
  await run('flood', '/usr/bin/python3', ['-c', flood]);
  const names = () =>
    here.seen.flatMap(({ event, workload }) =>
      workload === 'flood' && event.kind === 'open' && event.path.startsWith('/nonexistent/') ? [event.path] : [],
    );
  const lost = () => sensor().lost() - before;
  while (names().length + lost() < count) await new Promise((resolve) => setTimeout(resolve, 200));
  const told = names();
  expect(new Set(told).size).toBe(told.length);
  // What is lost may be more than ours: the start and the end of the program can be among it.
  expect(told.length + lost()).toBeLessThan(count + 1_000);
});

const index = fileURLToPath(new URL('../../../dist/sensor/index.js', import.meta.url));
const reader = `
const { directBpf } = await import(${JSON.stringify(index)});
await directBpf({ isRoot: true }).start({ parents: ['1'], containers: true }, { line: () => {}, end: () => {} });
process.stdout.write('up');
`;

it('leaves nothing in the kernel when its process is killed', async () => {
  const child = spawnProcess(process.execPath, ['--input-type=module', '-e', reader], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  const programs = programsOf(child.pid ?? 0);
  expect(programs.length).toBe(6);
  expect(programs.filter(isLoaded)).toEqual(programs);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
  // The kernel frees a program a moment after its last user is gone.
  while (programs.some(isLoaded)) await new Promise((resolve) => setTimeout(resolve, 20));
});

/** Ids of the programs a process holds. */
function programsOf(pid: number): number[] {
  const held = readdirSync(`/proc/${pid}/fdinfo`).flatMap((fd) => {
    const id = /^prog_id:\s+([0-9]+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))?.[1];
    return id === undefined ? [] : [Number(id)];
  });
  return [...new Set(held)];
}

function isLoaded(id: number): boolean {
  const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
  const libc = koffi.load(null);
  const attributes = Buffer.alloc(16);
  attributes.writeUInt32LE(id, 0);
  // BPF_PROG_GET_FD_BY_ID (bpf(2)).
  const descriptor = Number(
    libc.func('long syscall(long, long, void *, long)')(321, 13, attributes, attributes.length),
  );
  if (descriptor < 0) return false;
  libc.func('int close(int)')(descriptor);
  return true;
}
