/** Random contracts over small sets of names, and the deeds that tell them apart; for what compilers write and read back. */
import fc from 'fast-check';
import { documentDigest, listedSyscalls, type TargetInput } from '../../src/contract/index.js';
import { Contract, type ContractVersion, modes } from '../../src/model/index.js';

export const at = Date.parse('2026-11-23T12:00:00Z');

const terms = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.constantFrom({ until: '2026-01-01' }, { until: '2027-01-01' }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom({ mode: 'audit', until: '2027-01-01' }, { mode: 'audit', until: '2026-01-01' }),
  },
);
const pattern = fc.constantFrom(
  '/app/run',
  '/app/**',
  '/app/*',
  '/app/lib/*.so',
  '/usr/bin/node',
  '/usr/bin/*',
  '/var/cache/app/**',
  '/etc/passwd',
  '/**',
  '/srv/a b/**',
);
const denyPattern = fc.constantFrom('/bin/sh', '/app/secret', '/app/lib/**', '/usr/bin/*', '/etc/**', '/x/%h/$y');
const ports = fc.constantFrom(['tcp/443'], ['udp/53', 'tcp/53'], ['tcp/8000-8099'], ['tcp/*']);
const peer = fc.constantFrom(
  { service: 'db' },
  { service: 'unplaced' },
  { cidr: '10.0.0.0/8' },
  { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] },
  { cidr: 'fd00::/8' },
  { host: 'api.example' },
  { builtin: 'any-identity' },
  { match: { environment: 'prod' } },
  { service: 'db', match: { environment: 'prod' } },
);
const withTerms = <T extends object>(clause: fc.Arbitrary<T>) =>
  fc.tuple(clause, terms).map(([one, term]) => ({ ...one, ...term }));
const few = <T extends object>(prefix: string, clause: fc.Arbitrary<T>) =>
  fc.array(clause, { maxLength: 3 }).map((list) => list.map((one, index) => ({ id: `${prefix}${index}`, ...one })));
const calls = ['ptrace', 'clone3', 'read', 'socket', 'mount'];
const capabilities = ['NET_BIND_SERVICE', 'SYS_ADMIN', 'CHOWN'];

const runtime = fc.record(
  {
    user: fc.constantFrom({ uid: 10_001 }, { uid: 10_001, gid: 10_002 }, { uid: 0 }),
    rootfs: fc.constantFrom('readonly', 'writable'),
    privilegeEscalation: fc.boolean(),
    executables: few('x', withTerms(fc.record({ path: pattern, from: pattern }, { requiredKeys: ['path'] }))),
    files: few('f', withTerms(fc.record({ path: pattern, access: fc.constantFrom('read', 'write') }))),
    mounts: few(
      'm',
      fc.record({
        path: fc.constantFrom('/var/cache/app', '/data', '/run/x y', '/data/*'),
        source: fc.constantFrom('volume', 'host', 'tmpfs', 'secret', 'config', 'socket'),
        access: fc.constantFrom('read', 'write'),
      }),
    ),
    capabilities: fc.subarray(capabilities),
    syscalls: fc.record(
      { base: fc.constantFrom('node20', 'static'), add: fc.subarray(calls), remove: fc.subarray(calls) },
      { requiredKeys: [] },
    ),
    resources: fc.record(
      {
        cpu: fc.constantFrom(0.5, 2, 0.001),
        memory: fc.constantFrom('256Mi', 1_048_576),
        pids: fc.constantFrom(1, 64),
        io: fc.record({ read: fc.constant('10Mi'), write: fc.constant('1Mi') }, { requiredKeys: [] }),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);
const network = fc.record(
  {
    ingress: few('i', withTerms(fc.record({ from: peer, ports }))),
    egress: few('e', withTerms(fc.record({ to: peer, ports }))),
  },
  { requiredKeys: [] },
);
const mild = fc.constantFrom({}, { mode: 'audit', until: '2027-01-01' }, { mode: 'audit', until: '2026-01-01' });
const deny = fc
  .tuple(
    fc.oneof(
      fc.record({ layer: fc.constant('runtime'), executable: denyPattern }),
      fc.record({ layer: fc.constant('runtime'), file: denyPattern }),
      fc.record({ layer: fc.constant('network'), to: peer, ports }, { requiredKeys: ['layer', 'to'] }),
    ),
    mild,
  )
  .map(([one, term]) => ({ ...one, ...term }));

/** Of one service `app`; the layers are more often enforced than not. */
export const randomContract: fc.Arbitrary<Contract> = fc
  .record({
    mode: fc.record({
      runtime: fc.oneof({ weight: 3, arbitrary: fc.constant('enforce') }, fc.constantFrom(...modes)),
      network: fc.oneof({ weight: 3, arbitrary: fc.constant('enforce') }, fc.constantFrom(...modes)),
      api: fc.constant('off'),
    }),
    runtime: fc.option(runtime, { nil: undefined }),
    network: fc.option(network, { nil: undefined }),
    deny: few('d', deny),
  })
  .map((parts) =>
    Contract.parse(
      JSON.parse(JSON.stringify({ apiVersion: 'tricordon/v1', kind: 'Contract', service: 'app', ...parts })),
    ),
  );

export function inputOf(contract: Contract): TargetInput {
  return {
    contract,
    version: 3,
    digest: documentDigest(contract),
    place: { services: { db: { addresses: ['192.0.2.7', '2001:db8::7'] } }, resolvers: ['192.0.2.53'] },
    at,
  };
}

export function versionOf(contract: Contract): ContractVersion {
  return {
    service: contract.service,
    version: 3,
    digest: documentDigest(contract),
    state: 'approved',
    contract,
    origin: 'declared',
    observed: 0,
    proposedBy: '',
    proposedAt: 0,
    decidedBy: null,
    decidedAt: null,
    reason: null,
    clean: {},
  };
}

/** System calls and capabilities that the contract refuses; both are lists without clauses. */
export function refusedNames({ mode, runtime: own }: Contract): {
  readonly syscalls: readonly string[];
  readonly capabilities: readonly string[];
} {
  if (mode.runtime !== 'enforce') return { syscalls: [], capabilities: [] };
  const listed = own?.syscalls === undefined ? calls : listedSyscalls(own.syscalls);
  return {
    syscalls: calls.filter((name) => !listed.includes(name)),
    capabilities:
      own?.capabilities === undefined ? [] : capabilities.filter((name) => own.capabilities?.includes(name) !== true),
  };
}
