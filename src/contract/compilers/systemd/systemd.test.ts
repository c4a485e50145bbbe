import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inputOf } from '../../../../test/fakes/random-contract.js';
import { expectRoundTrip } from '../../../../test/fakes/round-trip.js';
import { Contract } from '../../../model/index.js';
import type { Held } from '../target.js';
import { contains, rangeOf, rangeText, without } from '../addresses.js';
import { systemd } from './index.js';

const contract = (parts: object) =>
  Contract.parse({
    apiVersion: 'tricordon/v1',
    kind: 'Contract',
    service: 'app',
    mode: { runtime: 'enforce', network: 'enforce', api: 'off' },
    ...parts,
  });
const compile = (parts: object) => systemd.compile(inputOf(contract(parts)));
const held = (parts: object) => systemd.read(compile(parts).artefacts);
const levels = (parts: object) =>
  Object.fromEntries(compile(parts).diagnostics.map(({ section, clause, level }) => [clause ?? section, level]));
const writes = (what: Held, path: string) => what.allows({ kind: 'open', path, access: 'write' });
const starts = (what: Held, path: string) => what.allows({ kind: 'exec', path });
const connects = (what: Held, address: string) => what.allows({ kind: 'connect', address, port: 443, protocol: 'tcp' });

test('what is read back allows nothing that the contract refuses, and every part has its line', () => {
  const { asked, held: refused } = expectRoundTrip(systemd, ['runtime', 'network'], 400);
  expect([asked > 2_500, refused > 700]).toEqual([true, true]);
});

describe('a drop-in', () => {
  test('opens the folders that are written to and no others', () => {
    const parts = {
      runtime: {
        files: [
          { id: 'cache', path: '/var/cache/app/**', access: 'write' },
          { id: 'log', path: '/var/log/app/*.log', access: 'write' },
          { id: 'gone', path: '/srv/**', access: 'write', until: '2026-01-01' },
          { id: 'odd', path: '/srv/a b/%n', access: 'write' },
          { id: 'secret', path: '/var/cache/app/key', access: 'write' },
          { id: 'conf', path: '/etc/app/**', access: 'read' },
        ],
        mounts: [
          { id: 'm', path: '/var/cache/app', source: 'tmpfs', access: 'write' },
          { id: 'n', path: '/data', source: 'tmpfs', access: 'write' },
        ],
      },
      deny: [{ id: 'no-key', layer: 'runtime', file: '/var/cache/app/key' }],
    };
    const made = held(parts);
    const paths = [
      '/var/cache/app/x',
      '/var/log/app/a.log',
      '/srv/x',
      '/var/cache/app/key',
      '/data/x',
      '/etc/app/x',
      '/',
    ];
    expect(paths.map((path) => writes(made, path))).toEqual([true, true, false, false, false, false, false]);
    expect(made.allows({ kind: 'open', path: '/var/cache/app/key', access: 'read' })).toBe(false);
    expect(levels(parts)).toMatchObject({
      cache: 'exact',
      log: 'looser',
      gone: 'exact',
      odd: 'impossible',
      conf: 'impossible',
      'runtime.files': 'looser',
    });
    expect(writes(held({ runtime: { rootfs: 'readonly' } }), '/var/x')).toBe(false);
    expect(writes(held({ runtime: { rootfs: 'writable' } }), '/var/x')).toBeUndefined();
  });

  test('lets programs start that are listed, and says that libraries stay open', () => {
    const parts = {
      runtime: {
        executables: [
          { id: 'app', path: '/opt/app/**' },
          { id: 'sh', path: '/bin/sh' },
          { id: 'from', path: '/usr/bin/gpg', from: '/opt/app/run' },
        ],
      },
      deny: [
        { id: 'no-sh', layer: 'runtime', executable: '/bin/sh' },
        { id: 'no-tool', layer: 'runtime', executable: '/opt/app/tools/**' },
        { id: 'glob', layer: 'runtime', executable: '/opt/*/x' },
      ],
    };
    const made = held(parts);
    const paths = ['/opt/app/run', '/opt/app/tools/x', '/bin/sh', '/usr/bin/gpg', '/usr/bin/perl', '/opt/application'];
    expect(paths.map((path) => starts(made, path))).toEqual([true, false, false, true, false, false]);
    expect(levels(parts)).toMatchObject({
      app: 'exact',
      sh: 'exact',
      from: 'looser',
      'no-tool': 'looser',
      glob: 'impossible',
      'runtime.executables': 'looser',
    });
    expect(starts(held({ runtime: { executables: [] } }), '/usr/lib/x')).toBe(false);
  });

  test('opens addresses, less what is taken out, and only where both directions are managed', () => {
    const network = {
      ingress: [{ id: 'in', from: { service: 'db' }, ports: ['tcp/8080'] }],
      egress: [
        { id: 'ten', to: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] }, ports: ['tcp/443'] },
        { id: 'name', to: { host: 'api.example' }, ports: ['tcp/443'] },
      ],
    };
    const deny = [{ id: 'no', layer: 'network', to: { cidr: '10.2.0.0/16' } }];
    const made = held({ network, deny });
    const addresses = ['192.0.2.7', '2001:db8::7', '10.0.0.1', '10.255.0.1', '10.1.0.1', '10.2.3.4', '11.0.0.1', '::1'];
    expect(addresses.map((address) => connects(made, address))).toEqual([
      ...[true, true, true, true],
      ...[false, false, false, false],
    ]);
    const accepts = (port: number) => made.allows({ kind: 'accept', address: '192.0.2.7', port, protocol: 'tcp' });
    expect([accepts(8_080), accepts(8_081)]).toEqual([true, false]);
    expect(levels({ network, deny })).toEqual({
      'network.ingress': 'looser',
      'network.egress': 'looser',
      in: 'looser',
      ten: 'looser',
      name: 'impossible',
      no: 'exact',
    });
    const half = { network: { egress: network.egress }, deny };
    expect(levels(half)).toMatchObject({ ten: 'impossible', no: 'exact' });
    expect([connects(held(half), '10.2.3.4'), connects(held(half), '11.0.0.1')]).toEqual([false, undefined]);
    expect(connects(held({ network: { ingress: [], egress: [] } }), '127.0.0.1')).toBe(false);
  });

  test('never takes a filter away by an empty list', () => {
    const made = held({ runtime: { syscalls: {}, capabilities: [], resources: { cpu: 0.25 } } });
    expect(made.allows({ kind: 'syscall', name: 'socket' })).toBe(false);
    expect(made.allows({ kind: 'syscall', name: 'execve' })).toBe(true);
    expect(made.allows({ kind: 'capability', name: 'CHOWN' })).toBe(false);
    expect(made.values['runtime.resources.cpu']).toBe(0.25);
    expect(levels({ runtime: { syscalls: {} } })).toEqual({ 'runtime.syscalls': 'looser' });
    const audit = {
      mode: { runtime: 'audit', network: 'off', api: 'off' },
      runtime: { user: { uid: 1 }, syscalls: {} },
    };
    expect(compile(audit).artefacts[0]?.text).toMatch(/\[Service\]\nSystemCallLog=\nSystemCallLog=~exit_group\n$/);
    expect(levels(audit)).toEqual({ 'runtime.user': 'impossible', 'runtime.syscalls': 'exact' });
  });

  test.each([
    ['another section', '[Unit]', 2],
    ['an unknown setting', '[Service]\nExecStart=/bin/sh', 2],
    ['a value of another kind', '[Service]\nNoNewPrivileges=no', 2],
    ['a specifier', '[Service]\nExecPaths=\nExecPaths=-/opt/%n', 3],
    ['two values of one', '[Service]\nUser=1\nUser=0', 3],
    ['a list that grows', '[Service]\nReadWritePaths=-/srv', 2],
    ['a list taken back in the middle', '[Service]\nSystemCallFilter=\nSystemCallFilter=read\nSystemCallFilter=', 4],
    ['a deny taken back', '[Service]\nIPAddressDeny=', 2],
    ['no section', 'User=1', 1],
  ])('with %s is not read back', (_, text, line) => {
    const file = 'app.service.d/50-tricordon.conf';
    expect(() => systemd.read([{ file, text: text === '[Unit]' ? `\n${text}` : text }])).toThrow(
      expect.objectContaining({ code: 'contract-artefact', message: expect.stringContaining(` line ${line}: `) }),
    );
  });
});

describe('address ranges', () => {
  const address = fc.oneof(fc.ipV4(), fc.ipV6());
  test('are written as they were read', () => {
    expect(rangeText(rangeOf('10.1.2.3/8') ?? never())).toBe('10.0.0.0/8');
    expect(rangeText(rangeOf('::ffff:10.0.0.7') ?? never())).toBe('0:0:0:0:0:ffff:a00:7/128');
    expect(['10.0.0.0/33', '10.0.0/8', 'x', '::1/129', '1.2.3.4/8/8'].map((text) => rangeOf(text))).toEqual(
      Array.from({ length: 5 }, () => undefined),
    );
    fc.assert(
      fc.property(address, (text) => {
        const range = rangeOf(text) ?? never();
        expect(rangeOf(rangeText(range))).toEqual(range);
      }),
    );
  });

  test('one without others holds exactly what is in it and not in them', () => {
    const near = fc.tuple(fc.nat(3), fc.nat(255), fc.nat(255)).map(([b, c, d]) => `10.${b}.${c}.${d}`);
    const range = fc.tuple(near, fc.integer({ min: 8, max: 32 })).map(([text, bits]) => `${text}/${bits}`);
    fc.assert(
      fc.property(range, fc.array(range, { maxLength: 4 }), near, (whole, taken, text) => {
        const [one, parts, asked] = [rangeOf(whole), taken.map(rangeOf), rangeOf(text)];
        if (one === undefined || asked === undefined) return;
        const out = parts.flatMap((part) => part ?? []);
        const wanted = contains(one, asked) && !out.some((part) => contains(part, asked));
        expect(without(one, out).some((part) => contains(part, asked))).toBe(wanted);
      }),
      { numRuns: 1_000 },
    );
  });
});

function never(): never {
  throw new Error('no range');
}
