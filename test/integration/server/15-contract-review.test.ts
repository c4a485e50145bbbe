/** A learned contract from the first observation to the decision, as the reviewer's page asks for it. */
import { afterAll, beforeAll, expect } from 'vitest';
import type { Observation } from '../../../src/model/index.js';
import type { ReviewAnswer } from '../../../src/server/api-types.js';
import { stopTestStores } from '../../fakes/test-store.js';
import { requires } from '../../requires.js';
import { eventually, observation, type Plane, startPlane, type TestAgent } from './harness.js';

const it = await requires('postgresql');
let plane: Plane;
let agent: TestAgent;
let catalog: { id: string; service: string; identity: string };
beforeAll(async () => {
  plane = await startPlane();
  agent = await plane.agent('host-a');
  catalog = await agent.workload('catalog');
});
afterAll(async () => {
  await plane.close();
  await stopTestStores();
});

const review = async (token?: string): Promise<ReviewAnswer> =>
  (await plane.call('GET', '/v1/contracts/catalog/review', token === undefined ? {} : { token })).json;
const decide = (what: 'approve' | 'reject', body: object) =>
  plane.call('POST', `/v1/contracts/catalog/${what}`, { body });

async function called(path: string, times: number): Promise<void> {
  const rows = Array.from(
    { length: times },
    (): Observation =>
      observation(
        catalog,
        'host-a',
        {
          kind: 'request',
          direction: 'in',
          method: 'POST',
          path,
          peer: 'gateway',
          status: 200,
          durationMs: 3,
          verdict: { effect: 'allow', reason: 'learning', clause: null, contract: 'catalog', version: 0 },
        },
        { join: { caller: 'spiffe://test.local/service/gateway' } },
      ),
  );
  expect((await agent.call('POST', 'observations', { observations: rows })).json).toMatchObject({ refused: 0 });
}
const importing = ({ clauses }: ReviewAnswer) => clauses.find(({ candidate }) => candidate?.text.includes('/import'));

it('shows what is learned beside what is in force, with what each clause rests on', async () => {
  await called('/import', 5);
  const live = await eventually(review, (now) => importing(now)?.evidence?.count === 5);
  expect(live).toMatchObject({
    proposal: null,
    learned: { version: null },
    approved: { version: 0 },
    learnedOn: false,
  });
  expect(importing(live)).toMatchObject({
    layer: 'api',
    section: 'serves',
    approved: null,
    change: 'added',
    evidence: { count: 5, callers: ['public'], sample: { text: 'POST /import by public' } },
  });
  expect(live.sections.find(({ section }) => section === 'serves')).toMatchObject({ candidate: 'managed' });
  await plane.store.accounts.ensure('looks', 'viewer', 'test');
  const asked = { name: 'looks', account: 'looks', scopes: ['read'], ttlMs: 60_000 };
  const viewer = await plane.store.accounts.createToken(asked, 'test');
  expect(importing(await review(viewer))?.evidence).toMatchObject({ count: 5, sample: null });
  expect((await plane.call('GET', '/v1/contracts/nothing/review')).status).toBe(404);
});

it('says that more was learned than the proposal holds, and keeps who rejected it and why', async () => {
  const { version, digest } = (await plane.call('POST', '/v1/contracts/catalog/propose', { body: {} })).json.version;
  const proposed = await review();
  expect(proposed).toMatchObject({ proposal: { version, digest }, candidate: { version, digest }, learnedOn: false });
  expect(importing(proposed)?.evidence).toMatchObject({ count: 5 });
  await called('/export', 5);
  expect((await eventually(review, ({ learnedOn }) => learnedOn)).candidate).toEqual(proposed.candidate);
  const other = `sha256:${'0'.repeat(64)}`;
  expect((await decide('reject', { version, digest: other, reason: 'old' })).status).toBe(409);
  expect((await decide('reject', { version, digest, reason: '  ' })).status).toBe(400);
  const rejected = (await decide('reject', { version, digest, reason: 'exports came since' })).json;
  expect(rejected.versions[0]).toMatchObject({ state: 'rejected', decidedBy: 'tester', reason: 'exports came since' });
  expect((await review()).proposal).toBeNull();
});

it('puts what a person wrote on the declared side, and carries no evidence for it', async () => {
  const text = `
apiVersion: tricordon/v1
kind: Contract
service: catalog
mode: { runtime: learn, network: learn, api: audit }
api:
  serves: [{ id: imports, methods: [POST], path: /import, from: [{ service: orders }] }]
  calls: []
`;
  const { version, digest } = (await plane.call('POST', '/v1/contracts/catalog/propose', { body: { text } })).json
    .version;
  const declared = await review();
  expect(declared).toMatchObject({ declared: { version }, candidate: { version }, learnedOn: false, gaps: [] });
  const row = declared.clauses.find(({ declared: side }) => side?.clause === 'imports');
  expect(row).toMatchObject({ candidate: { clause: 'imports' }, change: 'added', evidence: null });
  expect(row?.learned?.text).toContain('/import');
  expect((await decide('approve', { version, digest, reason: 'agreed' })).status).toBe(200);
  const after = await review();
  expect(after).toMatchObject({ approved: { version }, proposal: null });
  expect(after.history).toMatchObject([
    { version, state: 'approved', origin: 'declared', decidedBy: 'tester', reason: 'agreed' },
    { state: 'rejected' },
    { version: 0, state: 'superseded' },
  ]);
});
