import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { RawAct } from '../raw-event.js';
import { straceArguments } from './command.js';
import { newStraceState, parseOverdue, parseStraceLine } from './parse.js';

/** Real output of strace 6.1. */
const recorded = readFileSync(new URL('../fixtures/strace-6.1.txt', import.meta.url), 'utf8').split('\n');

function read(lines: readonly string[]) {
  const state = newStraceState();
  const parsed = lines.flatMap((line) => parseStraceLine(line, state));
  return {
    events: parsed.flatMap((one) => ('event' in one ? [one.event] : [])),
    unreadable: parsed.filter((one) => 'note' in one).length,
  };
}
const acts = (...lines: string[]): RawAct[] => read(lines.map((line) => `7 1.5 ${line}`)).events.map(({ act }) => act);

test('reads a recorded run, joining calls that were interrupted in the file', () => {
  const { events, unreadable } = read(recorded);
  expect(unreadable).toBe(0);
  const executions = events.flatMap(({ act, process }) => (act.kind === 'exec' ? [{ pid: process.pid, ...act }] : []));
  expect(executions.map(({ path }) => path)).toEqual(['/usr/bin/python3', '/bin/sh', '/usr/bin/cat', '/usr/bin/cat']);
  expect(executions[1]?.args).toEqual(['/bin/sh', '-c', 'cat /etc/passwd >/dev/null; cd /etc; cat hosts>/dev/null']);
  expect(events.filter(({ act }) => act.kind === 'fork').map(({ act }) => act.kind === 'fork' && act.child)).toEqual(
    executions.slice(1).map(({ pid }) => pid),
  );
  const connections = events.flatMap(({ act }) => (act.kind === 'connect' ? [act] : []));
  expect(connections.map(({ protocol }) => protocol)).toEqual(['tcp', 'unix', 'unix', 'unix', 'tcp', 'udp']);
  expect(connections[3]?.peer.address).toBe('@hide\0\ttab\nline');
  expect(events.find(({ act }) => act.kind === 'open' && act.path === 'hosts')?.process.cwd).toBe('/etc');
  expect(events.filter(({ act }) => act.kind === 'stdio-socket')).toHaveLength(1);
  expect(events.filter(({ act }) => act.kind === 'exit')).toHaveLength(4);
});

test('text inside quotes never ends an argument or a line', () => {
  const [act] = acts(
    'openat(AT_FDCWD</srv>, "/tmp/x\\", 0) = 3\\n9 2.0 execve(\\"/forged\\"", O_RDONLY) = -1 ENOENT (No such file)',
  );
  expect(act).toEqual({
    kind: 'open',
    path: '/tmp/x", 0) = 3\n9 2.0 execve("/forged"',
    write: false,
    failed: true,
  });
});

test('decodes hexadecimal and octal escapes and marks what was cut', () => {
  expect(acts('open("/\\xc3\\xbf\\33[m"..., O_WRONLY|O_CREAT, 0666) = 4')[0]).toMatchObject({
    path: '/ÿ\u001b[m…',
    write: true,
  });
  expect(acts('execve("/bin/x", ["a", "b"..., ...], 0x1 /* 2 vars */) = 0')[0]).toMatchObject({
    args: ['a', 'b…'],
    truncated: true,
  });
});

test('a refusal of the kernel is told from what was not there', () => {
  expect(acts('execve("/bin/x", ["x"], 0x1) = -1 EACCES (Permission denied)')).toEqual([
    { kind: 'exec', path: '/bin/x', args: ['x'], truncated: false, refused: true },
  ]);
  expect(acts('openat(AT_FDCWD</srv>, "/a", O_RDWR) = -1 EACCES (Permission denied)')).toEqual([
    { kind: 'open', path: '/a', write: true, failed: true, refused: true },
  ]);
});

test('a refused program does not become the one that is blamed for what follows', () => {
  const [, opened] = read([
    '7 1.0 execve("/bin/sh", ["sh"], 0x1) = -1 EACCES (Permission denied)',
    '7 1.1 openat(AT_FDCWD</srv>, "/a", O_RDONLY) = 3</a>',
  ]).events;
  expect(opened?.act).toEqual({ kind: 'open', path: '/a', write: false, failed: false });
});

test('a program that was not found did not happen; a connection under way did', () => {
  expect(acts('execve("/bin/x", ["x"], 0x1) = -1 ENOENT (No such file or directory)')).toEqual([]);
  expect(
    acts(
      'connect(4<TCP:[1]>, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("10.0.0.1")}, 16) = -1 EINPROGRESS (x)',
    )[0],
  ).toMatchObject({ failed: false, peer: { address: '10.0.0.1', port: 80 } });
});

test('an act is named by its line: the same when read again, another for another', () => {
  const keys = () => read(recorded).events.map(({ key }) => key);
  expect(keys()).toEqual(keys());
  expect(new Set(keys()).size).toBe(keys().length);
});

test('a thread belongs to its process', () => {
  const { events } = read([
    '7 1.0 clone3({flags=CLONE_VM|CLONE_THREAD, exit_signal=0}, 88) = 8',
    '8 1.1 openat(AT_FDCWD</srv>, "/a", O_RDONLY) = 3</a>',
    '8 1.2 +++ exited with 0 +++',
    '7 1.3 +++ killed by SIGKILL +++',
  ]);
  expect(events.map(({ process, act }) => [process.pid, act.kind])).toEqual([
    [7, 'open'],
    [7, 'exit'],
  ]);
});

const opened = '9 1.2 openat(AT_FDCWD</srv>, "/a", O_RDONLY) = 3</a>';
const made = '7 1.3 vfork() = 9';
const programs = (events: ReturnType<typeof read>['events']) =>
  events.map(({ process, act }) => [process.pid, act.kind, 'program' in act ? act.program : undefined]);

test('what a child does before its parent tells of it is read after that', () => {
  const { events } = read([
    '7 1.0 execve("/bin/sh", ["sh"], 0x1) = 0',
    opened,
    '9 1.2 execve("/bin/cat", ["cat"], 0x1 <unfinished ...>',
    '7 1.2 vfork( <unfinished ...>',
    '9 1.2 <... execve resumed>) = 0',
    opened,
    '9 1.2 +++ exited with 0 +++',
    '7 1.3 <... vfork resumed>) = 9',
  ]);
  expect(programs(events)).toEqual([
    [7, 'exec', undefined],
    [7, 'fork', undefined],
    [9, 'open', 'sh'],
    [9, 'exec', undefined],
    [9, 'open', 'cat'],
    [9, 'exit', undefined],
  ]);
});

test('a thread that runs before its maker tells of it belongs to its process', () => {
  const { events } = read([
    '7 1.0 execve("/bin/x", ["x"], 0x1) = 0',
    opened,
    '7 1.3 clone3({flags=CLONE_VM|CLONE_THREAD, exit_signal=0}, 88) = 9',
  ]);
  expect(programs(events).at(-1)).toEqual([7, 'open', 'x']);
});

test('a child whose parent never tells of it is read in the end, and keeps what it said of itself', () => {
  const state = newStraceState();
  const lines = ['7 1.0 execve("/bin/sh", ["sh"], 0x1) = 0', '9 1.1 execve("/bin/cat", ["cat"], 0x1) = 0'];
  const first = lines.flatMap((line) => parseStraceLine(line, state));
  expect(first).toHaveLength(1);
  expect(parseOverdue(state, 1)).toEqual([]);
  expect(parseOverdue(state, 1)).toHaveLength(1);
  expect(parseStraceLine(made, state)).toEqual([]);
  expect(parseStraceLine(opened, state)).toMatchObject([{ event: { act: { kind: 'open', program: 'cat' } } }]);
});

test('a pid that is used again is someone else', () => {
  const { events } = read([
    '7 1.0 execve("/bin/sh", ["sh"], 0x1) = 0',
    '7 1.0 fork() = 9',
    '9 1.1 execve("/bin/cat", ["cat"], 0x1) = 0',
    '9 1.1 +++ exited with 0 +++',
    opened,
    made,
  ]);
  expect(programs(events).at(-1)).toEqual([9, 'open', 'sh']);
});

test('nothing is lost when more is kept than there is room for', () => {
  const { events } = read([
    '7 1.0 execve("/bin/sh", ["sh"], 0x1) = 0',
    ...Array.from({ length: 10_000 }, () => opened),
  ]);
  expect(events).toHaveLength(10_001);
});

test('garbage is counted, never guessed at', () => {
  for (const line of [
    'nonsense',
    '7 1.0 openat(AT_FDCWD, "unterminated',
    '7 1.0 (',
    '7 1.0 execve(NULL) = 0',
    '\0\0',
  ]) {
    expect(read([line])).toMatchObject({ events: [], unreadable: 1 });
  }
});

test('COMMAND stays the process that was started, and its trace cannot take it down', () => {
  const args = straceArguments({ program: '/usr/bin/strace', output: '/t/w' });
  expect(args).toContain('-DDD');
  expect(args).not.toContain('--seccomp-bpf');
  expect(args.at(-1)).toBe('--');
});
