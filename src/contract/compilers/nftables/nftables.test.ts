import { expect, test } from 'vitest';
import { inputOf } from '../../../../test/fakes/random-contract.js';
import { expectRoundTrip } from '../../../../test/fakes/round-trip.js';
import { Contract } from '../../../model/index.js';
import type { PlacedService, Target } from '../target.js';
import { nftables } from './index.js';

const contract = (parts: object, network = 'enforce') =>
  Contract.parse({
    apiVersion: 'tricordon/v1',
    kind: 'Contract',
    service: 'app',
    mode: { runtime: 'off', network, api: 'off' },
    ...parts,
  });
const services: Readonly<Record<string, PlacedService>> = {
  gateway: { addresses: ['192.0.2.80'] },
  app: { alone: true },
};
const placed: Target = {
  ...nftables,
  compile: (input) =>
    nftables.compile({ ...input, place: { ...input.place, services: { ...services, ...input.place.services } } }),
};
const compiled = (given: Contract, target = placed) => target.compile(inputOf(given));
const rulesOf = (given: Contract, target = placed) =>
  (compiled(given, target).artefacts[0]?.text ?? '')
    .split('\n')
    .filter((line) => /accept|drop|reject|log|jump/.test(line) && !/^ {4}(ct|meta l4proto \{|icmpv6|type)/.test(line))
    .map((line) => line.trim());
const levels = (given: Contract, target = placed) =>
  Object.fromEntries(
    compiled(given, target).diagnostics.map(({ section, clause, level }) => [clause ?? section, level]),
  );

test('what is read back allows nothing that the contract refuses, and every part has its line', () => {
  const { asked, held } = expectRoundTrip(placed, ['network']);
  expect([asked > 1_000, held > 300]).toEqual([true, true]);
});

const network = contract({
  network: {
    ingress: [
      { id: 'public', from: { builtin: 'public' }, ports: ['tcp/8080'] },
      { id: 'any', from: { builtin: 'any-identity' }, ports: ['tcp/9000'] },
    ],
    egress: [
      { id: 'db', to: { service: 'db' }, ports: ['tcp/5432', 'tcp/5400-5440', 'tcp/5441'] },
      { id: 'bank', to: { cidr: '203.0.113.0/24', except: ['203.0.113.0/25'] }, ports: ['tcp/443', 'udp/*'] },
      { id: 'soft', to: { cidr: '10.0.0.0/8' }, ports: ['tcp/1'], mode: 'audit', until: '2027-01-01' },
      { id: 'api', to: { host: 'api.example' }, ports: ['tcp/443'] },
      { id: 'gone', to: { cidr: '10.0.0.0/8' }, ports: ['tcp/1'], until: '2026-01-01' },
    ],
  },
  deny: [
    { id: 'some', layer: 'network', to: { cidr: '203.0.113.192/26' }, ports: ['udp/53'] },
    { id: 'name', layer: 'network', to: { host: 'evil.example' } },
  ],
});

test('denies come first, allows by address and port, and the rest is refused and told', () => {
  const log = 'limit rate 10/second burst 20 packets log prefix';
  expect(rulesOf(network)).toEqual([
    'jump egress',
    'oifname "lo" accept',
    `ip daddr { 203.0.113.192/26 } udp dport { 53 } ${log} "tricordon app@3 deny some " comment "some"`,
    'ip daddr { 203.0.113.192/26 } udp dport { 53 } reject with icmpx admin-prohibited comment "some"',
    'ip daddr { 192.0.2.7/32 } tcp dport { 5400-5441 } accept comment "db"',
    'ip6 daddr { 2001:db8:0:0:0:0:0:7/128 } tcp dport { 5400-5441 } accept comment "db"',
    'ip daddr { 203.0.113.128/25 } tcp dport { 443 } accept comment "bank"',
    'ip daddr { 203.0.113.128/25 } meta l4proto udp accept comment "bank"',
    `ip daddr { 10.0.0.0/8 } tcp dport { 1 } ${log} "tricordon app@3 audit soft " comment "soft"`,
    'ip daddr { 10.0.0.0/8 } tcp dport { 1 } accept comment "soft"',
    `${log} "tricordon app@3 egress "`,
    'meta l4proto tcp reject with tcp reset',
    'reject with icmpx admin-prohibited',
    'jump ingress',
    'iifname "lo" accept',
    'ip saddr { 192.0.2.80/32 } tcp dport { 8080 } accept comment "public"',
    `${log} "tricordon app@3 ingress "`,
    'drop',
  ]);
  expect(compiled(network).artefacts[0]?.text).toContain(
    '# a clause ends at 2027-01-01T00:00:00.000Z: make it anew then',
  );
  expect(levels(network)).toEqual({
    'network.egress': 'looser',
    'network.ingress': 'looser',
    public: 'looser',
    any: 'impossible',
    db: 'looser',
    bank: 'exact',
    soft: 'exact',
    api: 'impossible',
    gone: 'exact',
    some: 'exact',
    name: 'impossible',
  });
});

test('in audit everything passes and is told; learning and off write nothing', () => {
  const audited = rulesOf(contract({ network: { ingress: [], egress: [] } }, 'audit'));
  expect(audited.filter((line) => /drop|reject/.test(line))).toEqual([]);
  expect(audited.filter((line) => /log prefix/.test(line))).toHaveLength(2);
  for (const mode of ['learn', 'off'])
    expect(compiled(contract({ network: { ingress: [], egress: [] } }, mode)).artefacts).toEqual([]);
});

test('of an account of its own only what it sends is held; without either nothing is', () => {
  const given = contract({ runtime: { user: { uid: 10_001 } }, network: { ingress: [], egress: [] } });
  expect(rulesOf(given, nftables)[0]).toBe('meta skuid 10001 jump egress');
  expect(compiled(given, nftables).artefacts[0]?.text).not.toMatch(/ingress|"lo"/);
  expect(levels(given, nftables)).toEqual({ 'network.egress': 'looser', 'network.ingress': 'impossible' });
  const homeless = contract({ network: { ingress: [], egress: [] } });
  expect(compiled(homeless, nftables).artefacts).toEqual([]);
  expect(levels(homeless, nftables)).toEqual({ 'network.egress': 'impossible', 'network.ingress': 'impossible' });
});

test('without `egress` a deny alone is held, and everything else passes', () => {
  const given = contract({ deny: [{ id: 'metadata', layer: 'network', to: { cidr: '169.254.169.254/32' } }] });
  const held = nftables.read(compiled(given).artefacts);
  const to = (address: string) => held.allows({ kind: 'connect', address, port: 80, protocol: 'tcp' });
  expect([to('169.254.169.254'), to('169.254.169.253')]).toEqual([false, true]);
  expect(levels(given)).toEqual({ metadata: 'exact' });
});

test('what is changed by hand is not read back', () => {
  const [file] = compiled(network).artefacts;
  if (file === undefined) throw new Error('nothing was written');
  const code = expect.objectContaining({ code: 'contract-artefact' });
  for (const [from, to] of [
    ['jump egress', 'jump other'],
    ['policy accept', 'policy drop'],
    ['  }\n}', '  }\n  chain more {\n  }\n}'],
    ['    drop', '    queue'],
    ['tcp dport { 443 }', 'tcp dport { 443-1 }'],
    ['ip daddr { 203', 'ip6 daddr { 203'],
    ['ip daddr { 10.', 'ip saddr { 10.'],
    ['delete table', 'flush table'],
    ['ct direction reply accept', 'ct state established accept'],
    ['}\n', ''],
  ] as const)
    expect(() => nftables.read([{ ...file, text: file.text.replace(from, to) }])).toThrow(code);
  expect(() => nftables.read([{ ...file, text: `${file.text}table inet x { }\n` }])).toThrow(code);
  expect(() => nftables.read([])).toThrow(code);
});
