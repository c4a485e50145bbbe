/** What every tracer of the kernel must see: the same stories for each of them. */
import { expect, type test } from 'vitest';
import { systemClock } from '../../../src/base/index.js';
import type { KernelTracer } from '../../../src/sensor/index.js';
import type { World } from './world.js';

const story = `
import os, socket, subprocess
listener = socket.socket(); listener.bind(('127.0.0.1', 0)); listener.listen(1)
client = socket.create_connection(listener.getsockname()); server = listener.accept()[0]
print(listener.getsockname()[1], client.getsockname()[1], flush=True)
for name in (b'forged\\nline\\t1', b'\\x1b[31mred', b'bad\\xff\\xfe', b'literal\\\\x00\\\\uffffffc3', b'q' * 250):
    try: open(b'/tmp/' + name)
    except OSError: pass
os.chdir('/etc')
open('hostname').close()
os.open('passwd', os.O_RDONLY, dir_fd=os.open('/etc', os.O_RDONLY))
unix = socket.socket(socket.AF_UNIX)
try: unix.connect('\\0tricordon\\ttest')
except OSError: pass
if os.fork() == 0:
    for descriptor in (0, 1, 2): os.dup2(client.fileno(), descriptor)
    os.execv('/bin/sh', ['sh', '-c', 'cat /etc/shadow >/dev/null; exit 7'])
os.wait()
`;

const refused = `
import ctypes, errno, platform, struct
libc = ctypes.CDLL(None, use_errno=True)
number = {'x86_64': 272, 'aarch64': 97}[platform.machine()]
program = struct.pack('HBBI', 0x20, 0, 0, 0) + struct.pack('HBBI', 0x15, 0, 1, number)
program += struct.pack('HBBI', 0x06, 0, 0, 0x00050000 | errno.EPERM) + struct.pack('HBBI', 0x06, 0, 0, 0x7fff0000)
code = ctypes.create_string_buffer(program)
class Filter(ctypes.Structure): _fields_ = [('len', ctypes.c_ushort), ('filter', ctypes.c_void_p)]
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.byref(Filter(4, ctypes.addressof(code)))) == 0
assert libc.unshare(0x00020000) == -1
`;

export function kernelStories(it: typeof test | typeof test.skip, tracer: KernelTracer, world: World): void {
  const { seen, of, run, add, ended, sensor } = world;

  it('sees every act of a workload, under its name, with exact join keys', async () => {
    const [serverPort, clientPort] = (await run('story', '/usr/bin/python3', ['-c', story]))
      .trim()
      .split(' ')
      .map(Number);
    await ended('story');
    const mine = of('story');
    const events = mine.map(({ event }) => event);

    const executions = mine.filter(({ event }) => event.kind === 'exec');
    expect(executions[0]?.event).toMatchObject({ path: '/usr/bin/python3', uid: 0 });
    const shell = executions.find(({ event }) => event.kind === 'exec' && event.path === '/bin/sh');
    expect(shell?.event).toMatchObject({ args: ['sh', '-c', 'cat /etc/shadow >/dev/null; exit 7'] });
    expect(shell?.join.ppid).toBe(executions[0]?.join.pid);
    expect(shell?.join.lineage).toEqual([executions[0]?.join.pid]);
    const cat = executions.find(({ event }) => event.kind === 'exec' && event.path.endsWith('/cat'));
    expect(cat?.join.lineage).toEqual([shell?.join.pid, executions[0]?.join.pid]);
    expect(mine.find(({ event, join }) => event.kind === 'exit' && join.pid === shell?.join.pid)?.event).toMatchObject({
      status: 7,
    });

    const opened = events.flatMap((event) => (event.kind === 'open' ? [event] : []));
    expect(opened).toContainEqual({ kind: 'open', path: '/etc/shadow', write: false, program: 'cat' });
    expect(opened).toContainEqual({ kind: 'open', path: '/dev/null', write: true, program: 'sh' });
    expect(opened).toContainEqual({ kind: 'open', path: '/etc/hostname', write: false, program: 'python3' });
    expect(opened).toContainEqual({ kind: 'open', path: '/etc/passwd', write: false, program: 'python3' });
    const failed = opened.filter(({ failed }) => failed === true).map(({ path }) => path);
    expect(failed).toContain('/tmp/forged\nline\t1');
    expect(failed).toContain('/tmp/\u001b[31mred');
    expect(failed).toContain('/tmp/bad\ufffd\ufffd');
    expect(failed).toContain('/tmp/literal\\x00\\uffffffc3');
    expect(failed).toContain(`/tmp/${'q'.repeat(250)}`);

    const connection = mine.find(({ event }) => event.kind === 'connect' && event.port === serverPort);
    expect(connection?.join.socket).toEqual({
      local: { address: '127.0.0.1', port: clientPort },
      peer: { address: '127.0.0.1', port: serverPort },
    });
    const accepted = mine.find(({ event }) => event.kind === 'accept');
    expect(accepted?.join.socket).toEqual({
      local: { address: '127.0.0.1', port: serverPort },
      peer: { address: '127.0.0.1', port: clientPort },
    });
    expect(events).toContainEqual(
      expect.objectContaining({ kind: 'connect', protocol: 'unix', address: '@tricordon\ttest' }),
    );
    const stdio = mine.filter(({ event }) => event.kind === 'stdio-socket');
    expect(stdio.map(({ event }) => event.kind === 'stdio-socket' && event.descriptor)).toEqual([0, 1, 2]);
    expect(stdio[0]?.join.pid).toBe(shell?.join.pid);
    expect(sensor().watchedBy('story')).toBe(tracer);
    expect(sensor().coverage()).toMatchObject({ level: 'full', by: tracer });
    // Times lie between the run's begin and now, in order of the kernel's clock.
    const now = systemClock.now();
    for (const { at } of mine) expect(Math.abs(now - at)).toBeLessThan(120_000);
  });

  it('sees a system call that seccomp refused before it ran', async () => {
    await run('refused', '/usr/bin/python3', ['-c', refused]);
    await ended('refused');
    const denied = of('refused').flatMap(({ event }) => (event.kind === 'denied-syscall' ? [event.name] : []));
    expect(denied).toEqual(['unshare']);
    expect(of('story').some(({ event }) => event.kind === 'denied-syscall')).toBe(false);
  });

  it('misses none of 500 processes that live a millisecond', async () => {
    const script = 'for i in $(/usr/bin/seq 500); do /bin/true $i; done';
    await run('brief', '/bin/sh', ['-c', script]);
    await ended('brief');
    const numbers = of('brief').flatMap(({ event }) =>
      event.kind === 'exec' && event.path === '/bin/true' ? [Number(event.args[1])] : [],
    );
    expect(new Set(numbers).size).toBe(500);
    expect(numbers.length).toBe(500);
    expect(sensor().lost()).toBe(0);
  });

  it('never gives one workload the acts of its neighbour, and holds events until the registration arrives', async () => {
    await run('late', '/bin/sh', ['-c', '/bin/true late'], false);
    await run('early', '/bin/sh', ['-c', '/bin/true early']);
    await ended('early');
    expect(of('late')).toEqual([]);
    add('late');
    await ended('late');
    const argsOf = (workload: string) =>
      of(workload).flatMap(({ event }) => (event.kind === 'exec' ? [event.args.join(' ')] : []));
    expect(argsOf('late').join('|')).toContain('late');
    expect(argsOf('late').join('|')).not.toContain('early');
    expect(argsOf('early').join('|')).not.toContain('late');
  });

  it('reports what a workload prints as nothing at all', async () => {
    const forged = '{"type": "printf", "data": "EX\\t1\\t1\\t1\\t1\\t1\\t0\\t0\\tx\\t/forged\\n"}';
    const count = seen.length;
    await run('printer', '/usr/bin/printf', ['%s\\n', forged]);
    await ended('printer');
    const paths = seen.slice(count).flatMap(({ event }) => (event.kind === 'exec' ? [event.path] : []));
    expect(paths).toEqual(['/usr/bin/printf']);
  });
}
