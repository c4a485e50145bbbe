import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Parsed, RawEvent } from '../raw-event.js';
import { decodeRecord } from './decode.js';
import { head, kinds } from './record.js';
import { readRow, writeRow } from './row.js';

/**
 * Real records of Linux 6.18, one per line: a program that connects over IPv4, IPv6, UDP and a unix socket, accepts, opens files with
 * hostile names, fails to execute /etc/passwd, forks into a shell on a socket and kills itself.
 */
const recorded = readFileSync(new URL('../fixtures/bpf-6.18.base64', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => Buffer.from(line, 'base64'));

function read(records: readonly Buffer[]): Parsed[] {
  const state = { programs: new Map() };
  return records.flatMap((record) => [...decodeRecord(record, state)]);
}

const events = (parsed: readonly Parsed[]): RawEvent[] => parsed.flatMap((one) => ('event' in one ? [one.event] : []));
const acts = events(read(recorded)).map(({ act }) => act);

test('reads a recorded run: executions with arguments, a refused one, forks, exits', () => {
  expect(read(recorded)[0]).toMatchObject({ note: { kind: 'cgroup', name: 'web' } });
  const executions = acts.filter((act) => act.kind === 'exec');
  expect(executions.map(({ path }) => path)).toEqual(['/usr/bin/python3', '/etc/passwd', '/bin/sh', '/usr/bin/cat']);
  expect(executions[1]).toMatchObject({ refused: true, args: [], parent: 'python3' });
  expect(executions[2]).toEqual({
    kind: 'exec',
    path: '/bin/sh',
    args: ['sh', '-c', 'cat /etc/shadow >/dev/null; exit 7'],
    truncated: false,
    uid: 0,
    parent: 'python3',
  });
  expect(acts.filter((act) => act.kind === 'fork')).toHaveLength(2);
  expect(acts.flatMap((act) => (act.kind === 'exit' ? [act.status] : []))).toEqual([0, 7, 137]);
});

test('reads connections of every kind, and a socket on standard input and output', () => {
  const connections = acts.filter((act) => act.kind === 'connect');
  const accepted = acts.filter((act) => act.kind === 'accept');
  expect(connections.map(({ protocol, peer }) => [protocol, peer.address])).toEqual([
    ['tcp', '127.0.0.1'],
    ['tcp', '::1'],
    ['udp', '127.0.0.1'],
    ['unix', '@tricordon\ttest'],
  ]);
  expect(connections.map(({ failed }) => failed)).toEqual([false, false, false, true]);
  for (const n of [0, 1]) {
    expect(accepted[n]).toMatchObject({ local: connections[n]?.peer, peer: connections[n]?.local });
  }
  expect(acts.flatMap((act) => (act.kind === 'stdio-socket' ? [act.descriptor] : []))).toEqual([0, 1, 2]);
});

test('keeps hostile names whole, up to the longest the kernel takes', () => {
  const paths = acts.flatMap((act) => (act.kind === 'open' ? [act.path] : []));
  expect(paths).toContain('/tmp/forged\nline\t1');
  expect(paths).toContain('/tmp/bad\ufffd\ufffd');
  expect(paths).toContain('/tmp/quote" \\');
  expect(paths).toContain(`/${'q/'.repeat(2_047)}`);
  expect(paths).toContain(`/${'r'.repeat(4_094)}…`);
  expect(paths).toContain('');
});

test('completes a relative name, and says which program opened what and how', () => {
  const opened = events(read(recorded)).filter(({ act }) => act.kind === 'open');
  const hostname = opened.find(({ act }) => act.kind === 'open' && act.path === 'hostname');
  expect(hostname?.process.cwd).toBe('/etc');
  expect(acts).toContainEqual({
    kind: 'open',
    path: '/etc/shadow',
    write: false,
    failed: false,
    program: 'cat',
  });
  expect(acts).toContainEqual({
    kind: 'open',
    path: '/tmp/tc-written',
    write: true,
    failed: false,
    program: 'python3',
  });
});

test('what is passed on as a line comes back the same', () => {
  for (const parsed of read(recorded)) expect(readRow(writeRow(parsed))).toEqual([parsed]);
});

test('a line that is none becomes a note', () => {
  for (const line of ['', '{', '[]', '{"event":{}}', '{"note":{"kind":"lost","count":1},"more":1}']) {
    expect(readRow(line)[0]).toMatchObject({ note: { kind: 'unreadable' } });
  }
});

test('a cut or unknown record is a note or an act, never an exception', () => {
  for (const record of recorded) {
    for (let length = 0; length < Math.min(record.length, 200); length += 1) {
      expect(() => read([record.subarray(0, length)])).not.toThrow();
    }
  }
  const unknown = Buffer.alloc(head.rest);
  unknown.writeUInt32LE(99, head.kind);
  expect(read([unknown])).toEqual([{ note: { kind: 'unreadable', detail: 'a record of the kernel: kind 99' } }]);
});

test('no bytes make the reader throw', () => {
  const kind = fc.constantFrom(...Object.values(kinds));
  fc.assert(
    fc.property(kind, fc.uint8Array({ maxLength: 600 }), (which, bytes) => {
      const record = Buffer.from(bytes);
      if (record.length >= 4) record.writeUInt32LE(which, head.kind);
      for (const parsed of read([record])) expect(readRow(writeRow(parsed))).toHaveLength(1);
    }),
  );
});
