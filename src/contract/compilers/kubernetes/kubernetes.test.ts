import { expect, test } from 'vitest';
import { inputOf } from '../../../../test/fakes/random-contract.js';
import { expectRoundTrip } from '../../../../test/fakes/round-trip.js';
import { Contract } from '../../../model/index.js';
import type { PlacedService, Target } from '../target.js';
import { kubernetes } from './index.js';

const contract = (parts: object, mode: object = {}) =>
  Contract.parse({
    apiVersion: 'tricordon/v1',
    kind: 'Contract',
    service: 'app',
    mode: { runtime: 'enforce', network: 'enforce', api: 'off', ...mode },
    ...parts,
  });
const own: PlacedService = { podLabels: { app: 'app' }, namespace: 'shop', container: 'main' };
const placed: Target = {
  ...kubernetes,
  compile: (input) =>
    kubernetes.compile({
      ...input,
      place: { ...input.place, services: { ...services, ...input.place.services, app: own } },
    }),
};
const services: Readonly<Record<string, PlacedService>> = {
  gateway: { podLabels: { app: 'gateway' }, namespace: 'edge' },
  web: { podLabels: { app: 'web' } },
};
const compiled = (given: Contract, target = placed) => target.compile(inputOf(given));
const textOf = (given: Contract, ending: string) =>
  compiled(given)
    .artefacts.find(({ file }) => file.endsWith(ending))
    ?.text.split('\n')
    .slice(1)
    .join('\n') ?? '';
const levels = (given: Contract, target = placed) =>
  Object.fromEntries(
    compiled(given, target).diagnostics.map(({ section, clause, level }) => [clause ?? section, level]),
  );

test('what is read back allows nothing that the contract refuses, and every part has its line', () => {
  const { asked, held } = expectRoundTrip(placed, ['runtime', 'network']);
  expect([asked > 1_000, held > 300]).toEqual([true, true]);
});

const network = contract({
  network: {
    ingress: [
      { id: 'public', from: { builtin: 'public' }, ports: ['tcp/8080'] },
      { id: 'any', from: { builtin: 'any-identity' }, ports: ['tcp/9000-9010'] },
      { id: 'prod', from: { match: { environment: 'prod' } }, ports: ['tcp/1'] },
    ],
    egress: [
      { id: 'db', to: { service: 'db' }, ports: ['tcp/5432'] },
      { id: 'web', to: { service: 'web' }, ports: ['udp/*'] },
      { id: 'bank', to: { cidr: '203.0.113.0/24', except: ['203.0.113.7/32'] }, ports: ['tcp/443'] },
      { id: 'api', to: { host: 'api.example' }, ports: ['tcp/443'] },
      { id: 'gone', to: { cidr: '10.0.0.0/8' }, ports: ['tcp/1'], until: '2026-01-01' },
    ],
  },
  deny: [
    { id: 'some', layer: 'network', to: { cidr: '203.0.113.64/26' } },
    { id: 'name', layer: 'network', to: { host: 'evil.example' } },
  ],
});

test('a policy has pods by label, addresses without what is forbidden, ports; the rest is said', () => {
  expect(textOf(network, '.networkpolicy.yaml')).toBe(`apiVersion: "networking.k8s.io/v1"
kind: "NetworkPolicy"
metadata:
  name: "tricordon-app"
  namespace: "shop"
spec:
  podSelector:
    matchLabels:
      app: "app"
  policyTypes:
    - "Ingress"
    - "Egress"
  ingress:
    - from:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: "edge"
          podSelector:
            matchLabels:
              app: "gateway"
      ports:
        - protocol: "TCP"
          port: 8080
    - from:
        - namespaceSelector: {}
      ports:
        - protocol: "TCP"
          port: 9000
          endPort: 9010
  egress:
    - to:
        - ipBlock:
            cidr: "192.0.2.7/32"
        - ipBlock:
            cidr: "2001:db8:0:0:0:0:0:7/128"
      ports:
        - protocol: "TCP"
          port: 5432
    - to:
        - podSelector:
            matchLabels:
              app: "web"
      ports:
        - protocol: "UDP"
    - to:
        - ipBlock:
            cidr: "203.0.113.0/24"
            except:
              - "203.0.113.7/32"
              - "203.0.113.64/26"
      ports:
        - protocol: "TCP"
          port: 443
`);
  expect(levels(network)).toEqual({
    public: 'looser',
    any: 'looser',
    prod: 'impossible',
    db: 'looser',
    web: 'looser',
    bank: 'exact',
    api: 'impossible',
    gone: 'exact',
    some: 'exact',
    name: 'impossible',
  });
});

test('nothing allowed is a policy without rules; without labels of its own pods there is none', () => {
  const none = contract({ network: { ingress: [], egress: [] } });
  expect(textOf(none, '.networkpolicy.yaml')).toContain('policyTypes:\n    - "Ingress"\n    - "Egress"\n');
  expect(textOf(none, '.networkpolicy.yaml')).not.toMatch(/ingress:|egress:/);
  expect(levels(none)).toEqual({ 'network.ingress': 'exact', 'network.egress': 'exact' });
  expect(compiled(none, kubernetes).artefacts).toEqual([]);
  expect(levels(none, kubernetes)).toEqual({ 'network.ingress': 'impossible', 'network.egress': 'impossible' });
});

test('a patch has users, file system, privileges, system calls, limits and what is mounted in memory', () => {
  const given = contract({
    runtime: {
      user: { uid: 10_001, gid: 10_002 },
      rootfs: 'readonly',
      privilegeEscalation: false,
      capabilities: ['NET_BIND_SERVICE'],
      syscalls: { base: 'node20' },
      executables: [{ id: 'run', path: '/app/run' }],
      mounts: [
        { id: 'cache', path: '/var/cache/app', source: 'tmpfs', access: 'write' },
        { id: 'data', path: '/data', source: 'volume', access: 'read' },
      ],
      resources: { cpu: 0.5, memory: '256Mi', pids: 64 },
    },
  });
  expect(textOf(given, '.patch.yaml')).toBe(`spec:
  template:
    spec:
      containers:
        - name: "main"
          securityContext:
            runAsUser: 10001
            runAsGroup: 10002
            runAsNonRoot: true
            readOnlyRootFilesystem: true
            allowPrivilegeEscalation: false
            capabilities:
              drop:
                - "ALL"
              add:
                - "NET_BIND_SERVICE"
            seccompProfile:
              type: "Localhost"
              localhostProfile: "tricordon/app.seccomp.json"
          resources:
            limits:
              cpu: "500m"
              memory: "268435456"
          volumeMounts:
            - name: "tricordon-0-cache"
              mountPath: "/var/cache/app"
      volumes:
        - name: "tricordon-0-cache"
          emptyDir:
            medium: "Memory"
`);
  expect(levels(given)).toMatchObject({
    run: 'impossible',
    data: 'impossible',
    cache: 'exact',
    'runtime.resources.pids': 'impossible',
  });
  expect(kubernetes.read(compiled(given).artefacts).values).toMatchObject({
    'runtime.user.uid': 10_001,
    'runtime.resources.cpu': 0.5,
  });
});

test('what is added by hand is not read back', () => {
  const { artefacts } = compiled(network);
  const [policy] = artefacts;
  if (policy === undefined) throw new Error('nothing was written');
  const wrong = (from: string, to: string) => () =>
    kubernetes.read([{ ...policy, text: policy.text.replace(from, to) }]);
  const code = expect.objectContaining({ code: 'contract-artefact' });
  expect(wrong('spec:', 'status: {}\nspec:')).toThrow(code);
  expect(wrong('      ports:', '      port:')).toThrow(code);
  expect(wrong('        - namespaceSelector: {}', '        - {}')).toThrow(code);
  expect(() => kubernetes.read([])).toThrow(code);
});
