/** What the fixture server answers about contracts: one that waits for a decision, one that learns, one of 2,000 clauses. */
import type {
  ClauseRow,
  ContractsAnswer,
  ContractVersionRow,
  DiffAnswer,
  ReviewAnswer,
} from '../../../src/server/api-types.js';
import { start } from './world.js';

const digest = (start: string) => `sha256:${start.repeat(8).slice(0, 64)}`;
const enforced = { runtime: 'audit', network: 'enforce', api: 'enforce' } as const;
const learning = { runtime: 'learn', network: 'learn', api: 'learn' } as const;

const version = (number: number, more: Partial<ContractVersionRow> = {}): ContractVersionRow => ({
  version: number,
  digest: digest(`${number}d0fa91c`),
  state: 'superseded',
  origin: 'learned',
  mode: enforced,
  observed: 1_200,
  proposedBy: 'Bela Costa',
  proposedAt: start - (9 - number) * 3_600_000,
  decidedBy: 'Ana Lima',
  decidedAt: start - (9 - number) * 3_500_000,
  reason: 'drill of the week',
  ...more,
});
const undecided = { state: 'proposed', decidedBy: null, decidedAt: null, reason: null } as const;
const hostile = '\u202e<img src=x onerror=alert(1)>\u001b[2J';

export const proposal = version(8, undecided);
const history = [
  proposal,
  version(7, { state: 'approved', origin: 'declared' }),
  version(6, { state: 'rejected', reason: `lets ${hostile} in` }),
  version(0, { origin: 'initial', mode: learning, proposedBy: 'system' }),
];

const cell = (clause: string, ...lines: string[]) => ({ clause, text: [`id: ${clause}`, ...lines].join('\n') });
const row = (more: Partial<ClauseRow>): ClauseRow => ({
  layer: 'api',
  section: 'serves',
  declared: null,
  learned: null,
  approved: null,
  candidate: null,
  change: null,
  evidence: null,
  ...more,
});
const same = (over: Partial<ClauseRow>, ...text: [string, ...string[]]) =>
  row({
    declared: cell(...text),
    learned: cell(...text),
    approved: cell(...text),
    candidate: cell(...text),
    change: 'same',
    ...over,
  });
const added = (over: Partial<ClauseRow>, ...text: [string, ...string[]]) =>
  row({ learned: cell(...text), candidate: cell(...text), change: 'added', ...over });
const imports = cell(
  'post-products-import',
  'methods:',
  '  - POST',
  'path: /products/import',
  'from:',
  '  - public: true',
);
const wider = cell(
  'get-products',
  'methods:',
  '  - GET',
  'path: /products',
  'from:',
  '  - service: orders',
  '  - service: web',
);

const clauses: ClauseRow[] = [
  same({ layer: 'runtime', section: 'executables' }, 'run-node', 'path: /usr/bin/node'),
  added(
    {
      layer: 'runtime',
      section: 'files',
      evidence: {
        firstSeen: start - 7_200_000,
        lastSeen: start - 60_000,
        count: 1,
        callers: ['catalog-shop-a-7f3a90c1'],
        sample: { observation: 'shop-a:b00t:7', text: `open ${hostile} by /usr/bin/node` },
      },
    },
    'read-products',
    'path: /srv/products.json',
    'access: read',
  ),
  row({
    layer: 'network',
    section: 'egress',
    declared: cell('to-mail', 'to:', '  cidr: 192.0.2.0/24', 'ports:', '  - tcp/25'),
    approved: cell('to-mail', 'to:', '  cidr: 192.0.2.0/24', 'ports:', '  - tcp/25'),
    change: 'removed',
  }),
  row({
    learned: wider,
    candidate: wider,
    approved: cell('get-products', 'methods:', '  - GET', 'path: /products', 'from:', '  - service: orders'),
    change: 'changed',
    evidence: {
      firstSeen: start - 90_000_000,
      lastSeen: start - 1_000,
      count: 41_220,
      callers: ['orders', 'web'],
      sample: null,
    },
  }),
  added({}, imports.clause, ...imports.text.split('\n').slice(1)),
  same({ layer: 'network', section: 'deny' }, 'no-metadata', 'layer: network', 'to:', '  cidr: 169.254.169.254/32'),
];

const sectionNames = ['executables', 'files', 'ingress', 'egress', 'serves', 'calls'] as const;
const managed = sectionNames.map((section) => ({
  section,
  declared: 'managed' as const,
  learned: 'managed' as const,
  approved: section === 'files' ? ('unmanaged' as const) : ('managed' as const),
  candidate: 'managed' as const,
}));
const side = (number: number | null, mode: ContractVersionRow['mode'] = enforced) => ({
  version: number,
  digest: digest(`${number ?? 'a'}d0fa91c`),
  mode,
});

const review: ReviewAnswer = {
  service: 'catalog',
  declared: side(7),
  learned: side(8),
  approved: side(7),
  candidate: side(8, { ...enforced, runtime: 'enforce' }),
  proposal,
  learnedOn: true,
  sections: managed,
  clauses,
  gaps: [
    { host: 'shop-b', since: start, until: start, sentence: 'shop-b: nothing watches the runtime layer now' },
    { host: 'shop-a', since: start - 9_000, until: start, sentence: 'shop-a: 214 events of the sensor were lost' },
  ],
  notLearned: [{ what: '/bin/sh', why: 'a shell', count: 3 }],
  overflow: 0,
  history,
};
const many: ReviewAnswer = {
  ...review,
  service: 'worker',
  clauses: Array.from({ length: 2_000 }, (_, index) =>
    added(
      { section: 'calls' },
      `call-${index}`,
      'to:',
      '  service: payments',
      'methods:',
      '  - GET',
      `path: /rates/${index}`,
    ),
  ),
};
const learns: ReviewAnswer = {
  ...review,
  service: 'orders',
  declared: null,
  learned: side(null, learning),
  approved: side(0, learning),
  candidate: side(null, learning),
  proposal: null,
  learnedOn: false,
  gaps: [],
  history: [version(0, { state: 'approved', origin: 'initial', mode: learning, proposedBy: 'system' })],
};

export const contracts: ContractsAnswer = {
  contracts: [
    { service: 'payments', active: held(9), proposal: null, versions: 10, learned: 0 },
    { service: 'catalog', active: held(7), proposal, versions: 9, learned: 1_200 },
    { service: 'orders', active: held(0, learning), proposal: null, versions: 1, learned: 41_220 },
  ],
};

/** @param newest the version that waits for a decision about `catalog` */
export function contractBody(path: string, newest: number): unknown {
  const reviews: Record<string, ReviewAnswer> = {
    catalog: newest === proposal.version ? review : { ...review, proposal: version(newest, undecided) },
    orders: learns,
    worker: many,
  };
  const asked = /^\/v1\/contracts\/([a-z]+)\/(review|diff)$/.exec(path);
  return asked?.[2] === 'diff' ? diff : reviews[asked?.[1] ?? ''];
}

const diff: DiffAnswer = {
  service: 'catalog',
  from: 6,
  to: 7,
  rows: [
    {
      layer: 'api',
      change: 'removed',
      sentence: 'web may no longer call GET /admin',
      example: null,
      clause: null,
      evidence: null,
    },
    {
      layer: null,
      change: 'mode',
      sentence: 'API layer: audit -> enforce',
      example: null,
      clause: null,
      evidence: null,
    },
  ],
  notLearned: [],
  gaps: [],
  readiness: [],
  overflow: 0,
  text: '',
};

function held(number: number, mode: ContractVersionRow['mode'] = enforced) {
  return { version: number, digest: digest(`${number}d0fa91c`), mode };
}
