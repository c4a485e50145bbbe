import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { RawEvent, RawNote } from '../raw-event.js';
import { newParseState, parseBpftraceLine } from './parse.js';

/** Real output of bpftrace 0.17 for a program that connects, forks, and opens files with hostile names. */
const recorded = readFileSync(new URL('../fixtures/bpftrace-0.17.ndjson', import.meta.url), 'utf8').split('\n');

function read(lines: readonly string[]): { events: RawEvent[]; notes: RawNote[] } {
  const state = newParseState();
  const parsed = lines.flatMap((line) => parseBpftraceLine(line, state));
  return {
    events: parsed.flatMap((one) => ('event' in one ? [one.event] : [])),
    notes: parsed.flatMap((one) => ('note' in one ? [one.note] : [])),
  };
}

const row = (data: string) => JSON.stringify({ type: 'printf', data: `${data}\n` });

test('reads a recorded run: executions with arguments, forks, exits, sockets', () => {
  const { events, notes } = read(recorded);
  const acts = events.map(({ act }) => act);
  expect(acts).toContainEqual({
    kind: 'exec',
    path: '/bin/sh',
    args: ['/bin/sh', '-c', 'cat /etc/passwd >/dev/null; cd /etc; cat hosts>/dev/null'],
    truncated: false,
    uid: 0,
    parent: 'python3',
  });
  expect(acts.filter(({ kind }) => kind === 'fork')).toHaveLength(3);
  expect(acts.filter(({ kind }) => kind === 'exit')).toHaveLength(4);
  const connections = acts.flatMap((act) => (act.kind === 'connect' ? [act] : []));
  expect(connections.map(({ protocol }) => protocol)).toEqual(['tcp', 'unix', 'unix', 'unix', 'tcp', 'udp']);
  expect(connections[2]).toMatchObject({ peer: { address: '@abs' }, failed: true, program: 'python3' });
  expect(connections[4]).toMatchObject({ peer: { address: '::1', port: 9 }, failed: true });
  const accepted = acts.find(({ kind }) => kind === 'accept');
  expect(accepted).toMatchObject({ local: connections[0]?.peer, peer: connections[0]?.local });
  expect(acts).toContainEqual({ kind: 'stdio-socket', descriptor: 0, program: 'python3' });
  expect(notes.filter(({ kind }) => kind === 'unreadable')).toEqual([]);
  expect(notes).toContainEqual({ kind: 'cgroup', id: '63', parent: '44', name: 'w1' });
  expect(notes.map(({ kind }) => kind)).toContain('up');
});

test('keeps hostile file names whole: line ends, tabs, escapes, invalid UTF-8, a literal escape sequence', () => {
  const paths = read(recorded).events.flatMap(({ act }) => (act.kind === 'open' ? [act.path] : []));
  expect(paths.some((path) => path.startsWith('a\nb\t\u001b[31m'))).toBe(true);
  expect(paths).toContain('x\\x00y\ufffd\ufffd');
  expect(paths.filter((path) => path.startsWith('/tmp/qqq')).map(({ length }) => length)).toEqual([159, 160]);
});

test('reads bytes above 0x7f as UTF-8, and the same characters in a name as what they are', () => {
  const line =
    '{"type": "printf", "data": "OP\\t1\\t2\\t3\\t4\\t2\\t0\\t0\\t-100\\t/\\uffffffc3\\uffffffbf\\\\uffffffc3\\n"}';
  expect(read([line]).events[0]?.act).toMatchObject({ path: '/ÿ\\uffffffc3' });
});

test('a file name that looks like a row stays a file name', () => {
  const { events } = read([row('OP\t1\t2\t3\t4\t2\t0\t0\t-100\t/tmp/x\nEX\t1\t1\t1\t1\t1\t0\t0\tx\t/forged')]);
  expect(events).toHaveLength(1);
  expect(events[0]?.act).toMatchObject({ kind: 'open', path: '/tmp/x\nEX\t1\t1\t1\t1\t1\t0\t0\tx\t/forged' });
});

test('joins the halves of a long name, and marks what is longer still', () => {
  const first = `/${'a'.repeat(159)}`;
  const open = row(`OP\t1\t2\t3\t4\t7\t0\t0\t-100\t${first}`);
  expect(read([open, row('OC\t7\tend')]).events[0]?.act).toMatchObject({ path: `${first}end` });
  expect(read([open, row(`OC\t7\t${'b'.repeat(160)}`)]).events[0]?.act).toMatchObject({
    path: `${first}${'b'.repeat(160)}…`,
  });
  // The second half was lost: the next tick lets the event go.
  expect(read([open, row('TK\t5')]).events[0]?.act).toMatchObject({ path: `${first}…` });
});

test('takes the directory of a relative name from the row the source put before it, once', () => {
  const { events } = read([
    row('CW\t2\t-100\t/srv/app'),
    row('OP\t1\t2\t3\t4\t2\t0\t0\t-100\tconfig'),
    row('OP\t1\t2\t3\t4\t2\t0\t0\t-100\tother'),
  ]);
  expect(events.map(({ process }) => process.cwd)).toEqual(['/srv/app', undefined]);
});

test('reads argument chunks, a dead process, drift, and a signal death', () => {
  const { events } = read([
    row('EX\t1000000\t2\t3\t4\t1\t33\t3\tsh\\x00\\x00\t/memfd:x'),
    row('AR\t2\t0\t900\ta\\x00'),
    row('AR\t2\t1\t900\tb\\x09c\\x00'),
    row('XE\t1000000\t2\t3\t4\t1'),
    row('XT\t2000000\t2\t3\t4\t9'),
  ]);
  expect(events[0]).toMatchObject({ at: { bootMs: 1 }, process: { pid: 2, start: 3, ppid: 1, cgroup: '4' } });
  expect(events[0]?.act).toEqual({
    kind: 'exec',
    path: '/memfd:x',
    args: ['a', 'b\tc'],
    truncated: true,
    uid: 33,
    parent: 'sh',
    drift: 'memory',
  });
  expect(events[1]?.act).toEqual({ kind: 'stdio-socket', descriptor: 0 });
  expect(events[2]?.act).toEqual({ kind: 'exit', status: 137 });
});

test('counts what the kernel lost, and whatever it cannot read', () => {
  const { notes } = read([
    '{"type": "lost_events", "data": {"events": 41}}',
    '{"type": "printf", "data": "EX\\tshort',
    row('ZZ\t1\t2\t3\t4'),
    row('OP\tnot\ta\tnumber\tx'),
    '[]',
    'null',
    '',
    '{"type": "map", "data": {}}',
  ]);
  expect(notes[0]).toEqual({ kind: 'lost', count: 41 });
  expect(notes.slice(1).map(({ kind }) => kind)).toEqual(Array(5).fill('unreadable'));
});

test('an unreadable line is bounded and escaped', () => {
  const [note] = read([`\u001b[2J${'x'.repeat(10_000)}`]).notes;
  expect(note?.kind === 'unreadable' && note.detail.length).toBeLessThan(220);
  expect(note?.kind === 'unreadable' && note.detail).toContain('\\x1b');
});
