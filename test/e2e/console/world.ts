/** What the fixture server answers about hosts, services and sockets: a shop in every state a layer can be in. */
import { permissions } from '../../../src/server/auth/roles.js';
import type {
  CoverageAnswer,
  GlassAnswer,
  CoveredService,
  Hold,
  HostRow,
  SocketRow,
  StatusAnswer,
  WhoAmI,
} from '../../../src/server/api-types.js';

/** 22 November 2026, 12:04:07.206 UTC; nothing in the fixtures looks at a clock. */
export const start = Date.UTC(2026, 10, 22, 12, 4, 7, 206);
const digest = `sha256:${'5d0fa91c'.repeat(8)}`;

export const me: WhoAmI = {
  account: 'Ana Lima',
  kind: 'session',
  role: 'administrator',
  permissions: [...permissions],
  within: [],
  scopes: ['read', 'operate', 'approve', 'admin'],
  csrf: 'fixture-csrf',
  expiresAt: start + 8 * 3_600_000,
  instance: 'shop',
  trustDomain: 'shop.test',
  version: '0.1.0',
};

type Mode = 'enforce' | 'audit' | 'learn' | 'off';
const heldBy = (version: number, runtime: Mode = 'enforce', network: Mode = 'enforce', api: Mode = 'enforce') => ({
  version,
  digest,
  mode: { runtime, network, api },
});
const held = (version: number): Hold[] =>
  (['runtime', 'network', 'api'] as const).map((layer) => ({
    layer,
    hold: 'enforced',
    reason: `contract v${version}`,
  }));
const service = (name: string, version: number, more: Partial<CoveredService> = {}): CoveredService => ({
  service: name,
  labels: { team: 'shop' },
  contract: heldBy(version),
  proposal: null,
  hosts: ['shop-a'],
  workloads: 2,
  identity: `spiffe://shop.test/service/${name}`,
  attributes: { platform: 'process', operator: 'ana', 'code-digest': 'sha256:77aa0c19…e2', environment: 'production' },
  holds: held(version),
  heldOnAll: true,
  learned: 41_220,
  openIncident: null,
  ...more,
});

const hold = (layer: Hold['layer'], kind: Hold['hold'], reason: string): Hold => ({ layer, hold: kind, reason });
export const services: CoveredService[] = [
  service('storefront', 4),
  service('catalog', 7, {
    contract: heldBy(7, 'audit'),
    proposal: 8,
    heldOnAll: false,
    openIncident: null,
    workloads: 3,
    hosts: ['shop-a', 'shop-b'],
    holds: [
      hold('runtime', 'audit', 'deviations are noted, not refused'),
      hold('network', 'enforced', 'contract v7'),
      hold('api', 'enforced', 'contract v7'),
    ],
  }),
  service('orders', 2, {
    contract: heldBy(2, 'learn'),
    heldOnAll: false,
    holds: [
      hold('runtime', 'learning', 'learns, lets everything known pass'),
      hold('network', 'enforced', 'contract v2'),
      hold('api', 'enforced', 'contract v2'),
    ],
  }),
  service('payments', 9, { hosts: ['shop-b'] }),
  service('inventory', 1, {
    openIncident: 'INC-43',
    hosts: ['shop-b'],
    workloads: 1,
    heldOnAll: false,
    holds: [
      hold('runtime', 'unwatched', 'shop-b: bpftrace is not installed'),
      hold(
        'network',
        'bypassable',
        '10.0.4.7:7005 on shop-b can be gone around: it listens outside a network namespace',
      ),
      hold('api', 'bypassable', '10.0.4.7:7005 on shop-b can be gone around: it listens outside a network namespace'),
    ],
  }),
  service('worker', 3),
];

const full = (by: string) => ({ level: 'full' as const, by, gaps: [] });
const hosts: HostRow[] = [
  {
    host: 'shop-a',
    at: start + 88_000,
    version: 'current',
    state: 'reporting',
    lost: 0,
    workloads: 9,
    coverage: {
      runtime: full('bpftrace'),
      network: full('sidecar (network namespace)'),
      api: full('sidecar (network namespace)'),
    },
  },
  {
    host: 'shop-b',
    at: start + 86_500,
    version: 'behind',
    state: 'reporting',
    lost: 214,
    workloads: 4,
    coverage: {
      runtime: {
        level: 'none',
        by: '',
        gaps: [
          {
            what: 'bpftrace is not installed, so no program start or file access is seen',
            fix: 'apt-get install bpftrace',
          },
        ],
      },
      network: {
        level: 'partial',
        by: 'sidecar (loopback address)',
        gaps: [
          {
            what: 'inventory listens on an address of its own, past its sidecar',
            fix: 'tricordon run --service inventory --port 7005 -- node server.mjs',
          },
        ],
      },
      api: full('sidecar (loopback address)'),
    },
  },
];

const socket = (name: string, port: number, version: number, more: Partial<SocketRow> = {}): SocketRow => ({
  host: 'shop-a',
  service: name,
  workload: `${name}-shop-a-7f3a90c1`,
  address: '10.0.4.6',
  port,
  owner: 'sidecar',
  identity: `spiffe://shop.test/service/${name}`,
  mtls: true,
  contract: digest,
  bypassable: false,
  reason: 'the workload has a network namespace of its own',
  held: heldBy(version),
  ...more,
});
const sockets: SocketRow[] = [
  socket('gateway', 8443, 1, {
    owner: 'gateway',
    mtls: false,
    identity: 'spiffe://shop.test/service/gateway',
    reason: 'the door for the public; TLS without client certificates',
  }),
  socket('storefront', 17_001, 4),
  socket('catalog', 17_002, 7, { held: heldBy(7, 'audit') }),
  socket('orders', 17_003, 2, { held: heldBy(2, 'learn') }),
  socket('payments', 17_004, 9, { host: 'shop-b', address: '10.0.4.7' }),
  socket('inventory', 7005, 1, {
    host: 'shop-b',
    address: '10.0.4.7',
    owner: 'workload',
    mtls: false,
    identity: null,
    bypassable: true,
    reason: 'it listens outside a network namespace; any process of this host reaches it',
  }),
];

export const coverage: CoverageAnswer = {
  at: start + 90_000,
  headline: [
    { text: '3 of 6 services are held on all three layers.', tone: 'plain' },
    { text: '1 incident open: INC-43.', tone: 'bad' },
    { text: 'inventory can be gone around.', tone: 'bad' },
    { text: 'The runtime layer is not watched everywhere.', tone: 'warning' },
    { text: 'orders still learns.', tone: 'warning' },
  ],
  summary: { services: 6, heldOnAll: 3, hosts: 2, layersWatched: 2, lost: 214, bypassable: 1, openIncidents: 1 },
  layers: [
    { layer: 'runtime', level: 'none', by: ['bpftrace'] },
    { layer: 'network', level: 'partial', by: ['sidecar (network namespace)', 'sidecar (loopback address)'] },
    { layer: 'api', level: 'full', by: ['sidecar (network namespace)'] },
  ],
  hosts,
  services,
  sockets,
};

export const emptyCoverage: CoverageAnswer = {
  at: start,
  headline: [{ text: 'No host reports yet. Nothing is watched.', tone: 'bad' }],
  summary: { services: 0, heldOnAll: 0, hosts: 0, layersWatched: 0, lost: 0, bypassable: 0, openIncidents: 0 },
  layers: [],
  hosts: [],
  services: [],
  sockets: [],
};

export const glass: GlassAnswer['open'][number] = {
  id: 'GLASS-edge-1-0a1b2c3d4e',
  services: ['payments', 'orders'],
  layers: ['network', 'api'],
  host: 'shop-b',
  openedAt: start,
  until: start + 29.5 * 60_000,
  by: 'ana, by the sealed code of shop-b',
  reason: 'refunds are stuck and the control plane is away',
  closed: null,
};

/** Of a control plane whose disk has little room left, or enough. */
export const status = (level: StatusAnswer['disk']['level']): StatusAnswer => ({
  schemaVersion: 1,
  instance: me.instance,
  version: me.version,
  trustDomain: me.trustDomain,
  startedAt: start,
  now: start,
  database: { ok: true, detail: '' },
  console: { url: 'https://127.0.0.1:8443', fingerprint: '5d0fa91c'.repeat(8) },
  agents: { url: 'https://127.0.0.1:8444' },
  authority: { expiresAt: start + 365 * 86_400_000, needToken: [] },
  audit: { length: 1, head: digest },
  pending: 0,
  revision: 1,
  incidents: { open: 1, contained: 0 },
  cspViolations: 0,
  glass: [],
  unreadKeys: [],
  unsentMail: 0,
  hosts: [],
  services: [],
  sockets: [],
  stores: [],
  disk: { level, freeBytes: 612_000_000, totalBytes: 40_000_000_000 },
});
