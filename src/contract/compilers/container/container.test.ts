import { describe, expect, test } from 'vitest';
import { inputOf } from '../../../../test/fakes/random-contract.js';
import { expectRoundTrip } from '../../../../test/fakes/round-trip.js';
import { Contract } from '../../../model/index.js';
import { compose } from '../compose/index.js';
import { docker } from '../docker/index.js';
import type { Target } from '../target.js';

const contract = (parts: object) =>
  Contract.parse({
    apiVersion: 'tricordon/v1',
    kind: 'Contract',
    service: 'app',
    mode: { runtime: 'enforce', network: 'enforce', api: 'off' },
    ...parts,
  });
const full = contract({
  runtime: {
    user: { uid: 10_001, gid: 10_002 },
    rootfs: 'readonly',
    privilegeEscalation: false,
    capabilities: ['NET_BIND_SERVICE'],
    syscalls: { base: 'node20' },
    mounts: [
      { id: 'cache', path: '/var/cache/app', source: 'tmpfs', access: 'write' },
      { id: 'data', path: '/data', source: 'volume', access: 'read' },
      { id: 'key', path: '/run/key', source: 'secret', access: 'read' },
      { id: 'odd', path: '/a$(reboot)', source: 'tmpfs', access: 'read' },
    ],
    resources: { cpu: 0.5, memory: '256Mi', pids: 64, io: { read: '10Mi' } },
  },
  network: { ingress: [], egress: [] },
});
const textOf = (target: Target, given: Contract) => target.compile(inputOf(given)).artefacts[0]?.text ?? '';
const levels = (target: Target, given: Contract) =>
  Object.fromEntries(
    target.compile(inputOf(given)).diagnostics.map(({ section, clause, level }) => [clause ?? section, level]),
  );

describe.each([docker, compose])('$name', (target) => {
  test('what is read back allows nothing that the contract refuses, and every part has its line', () => {
    const { asked, held } = expectRoundTrip(target, ['runtime', 'network']);
    expect([asked > 1_000, held > 150]).toEqual([true, true]);
  });

  test('holds users, file system, privileges, system calls, mounts, resources and no network at all', () => {
    const held = target.read(target.compile(inputOf(full)).artefacts);
    expect(held.values).toEqual({
      'runtime.user.uid': 10_001,
      'runtime.user.gid': 10_002,
      'runtime.rootfs': 'readonly',
      'runtime.privilegeEscalation': false,
      'runtime.resources.cpu': 0.5,
      'runtime.resources.memory': 256 << 20,
      'runtime.resources.pids': 64,
    });
    const open = (path: string) => held.allows({ kind: 'open', path, access: 'write' });
    expect([open('/etc/x'), open('/var/cache/app/x'), open('/data/x')]).toEqual([false, true, false]);
    expect(held.allows({ kind: 'connect', address: '10.0.0.1', port: 443, protocol: 'tcp' })).toBe(false);
    expect(held.allows({ kind: 'capability', name: 'SYS_ADMIN' })).toBe(false);
    expect(held.allows({ kind: 'syscall', name: 'ptrace' })).toBe(false);
    expect(levels(target, full)).toMatchObject({ key: 'impossible', odd: 'impossible', cache: 'exact' });
    expect(levels(target, full)).toMatchObject({ 'runtime.resources.io': 'impossible' });
  });

  test('says that peers and ports are lost, and leaves out what would refuse where a layer only tells', () => {
    const open = contract({
      network: { ingress: [], egress: [{ id: 'db', to: { service: 'db' }, ports: ['tcp/5432'] }] },
      runtime: { executables: [{ id: 'run', path: '/app/run' }] },
      deny: [{ id: 'meta', layer: 'network', to: { cidr: '169.254.169.254/32' } }],
    });
    const lost = { 'network.ingress': 'impossible', db: 'impossible', run: 'impossible', meta: 'impossible' };
    expect(levels(target, open)).toEqual(lost);
    const audit = { ...full, mode: { runtime: 'audit', network: 'learn', api: 'off' } } as const;
    expect(levels(target, audit)).toMatchObject({ 'runtime.user': 'impossible', 'runtime.syscalls': 'exact' });
    expect(textOf(target, audit)).not.toMatch(/read.only|user|none/);
    expect(textOf(target, audit)).toContain('seccomp');
  });

  test('what is added by hand is not read back', () => {
    const { artefacts } = target.compile(inputOf(full));
    const [first, ...rest] = artefacts;
    const [from, to] =
      target === docker
        ? ['  --read-only \\', '  --read-only \\\n  --privileged \\']
        : ['read_only: true', 'privileged: true'];
    const text = first?.text.replace(from, to) ?? '';
    expect(() => target.read([{ file: first?.file ?? '', text }, ...rest])).toThrow(
      expect.objectContaining({ code: 'contract-artefact', message: expect.stringMatching(/line \d+.*privileged/) }),
    );
    expect(() => target.read(artefacts.slice(0, 1))).toThrow(expect.objectContaining({ code: 'contract-artefact' }));
    expect(() => target.read([])).toThrow(expect.objectContaining({ code: 'contract-artefact' }));
  });
});

test('a script has no character that a shell takes for something', () => {
  const lines = textOf(docker, full).split('\n');
  expect(lines.slice(6, -2).every((line) => /^ {2}--[A-Za-z0-9=:/,._@+ -]+(?:"\$here"\/[a-z.]+)? \\$/.test(line))).toBe(
    true,
  );
  expect(lines).toContain('  --mount=type=volume,source=app-data,destination=/data,readonly \\');
});

test.each([
  ['--cap-add=SYS_ADMIN', 'before the drop'],
  ['--memory=5', 'without swap'],
  ['--user=0;reboot', 'no user'],
])('a script with %s is not read (%s)', (flag) => {
  const given = contract({ runtime: {} });
  const text = textOf(docker, given).replace('  "$@"', `  ${flag} \\\n  --read-only \\\n  "$@"`);
  const wrong = () => docker.read([{ file: 'app.docker-run.sh', text }]);
  expect(wrong).toThrow(expect.objectContaining({ code: 'contract-artefact' }));
});
