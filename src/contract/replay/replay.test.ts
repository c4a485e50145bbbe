import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Contract, Observation } from '../../model/index.js';
import { answer } from '../ask/answer.js';
import { contractSet, type SetDocument } from '../ask/contract-set.js';
import { questionOf } from '../ask/question.js';
import { recordedOf, recordedRow } from './recorded.js';
import { replay } from './replay.js';

const now = Date.parse('2026-11-23T12:00:00Z');
const head = {
  apiVersion: 'tricordon/v1',
  kind: 'Contract',
  service: 's',
  mode: { runtime: 'enforce', network: 'audit', api: 'enforce' },
};
const document = (parts: object): SetDocument => ({ file: 's.yaml', document: Contract.parse({ ...head, ...parts }) });
const serve = (id: string, path: string, more: object = {}) => ({
  id,
  methods: ['GET'],
  path,
  from: [{ service: 'a' }],
  ...more,
});

const verdict = { effect: 'allow', contract: 's', version: 1, clause: 'x', reason: 'allowed', decisionId: 'd-1' };
const observed = (event: object, more: object = {}) =>
  Observation.parse({
    id: 'h:1:1',
    at: now,
    host: 'h',
    layer: 'api',
    service: 's',
    workload: null,
    identity: null,
    source: 'test',
    join: { caller: 'spiffe://td/service/a' },
    event,
    ...more,
  });
const request = { kind: 'request', direction: 'in', method: 'GET', path: '/a', verdict };

function flipsOf(parts: object, observations: readonly Observation[], clauses = false) {
  const replaying = replay(contractSet([document(parts)]), { clauses });
  for (const observation of observations) {
    const recorded = recordedOf(observation);
    if (recorded !== undefined) replaying.take(recorded);
  }
  return replaying.result();
}

test('what the data plane and the sensor recorded is asked again, side by side with what came of it', () => {
  const parts = {
    api: { serves: [serve('x', '/b')], calls: [{ id: 'c', to: { service: 'b' }, methods: ['GET'], path: '/y' }] },
    network: { egress: [], ingress: [{ id: 'in', from: { service: 'a' }, ports: ['tcp/1'] }] },
    runtime: { executables: [], files: [{ id: 'f', path: '/x', access: 'read' }] },
  };
  const flow = { kind: 'flow', address: '10.0.0.1', port: 1, mtls: true, verdict };
  const { flips, same, notReplayed } = flipsOf(parts, [
    observed(request),
    observed(request, { at: now + 5 }),
    observed({ ...request, path: '/b' }),
    observed({ ...request, direction: 'out', peer: 'b', path: '/y' }),
    observed({ ...flow, direction: 'in' }),
    observed({ ...flow, direction: 'out', peer: 'b' }),
    observed({ kind: 'exec', path: '/bin/sh', args: [] }),
    observed({ kind: 'exec', path: '/bin/sh', args: [], refused: true }),
    observed({ kind: 'open', path: '/x', write: false }),
    observed({ kind: 'open', path: '/gone', write: false, failed: true }),
    observed({ kind: 'connect', protocol: 'tcp', address: '10.0.0.1', port: 1 }),
    observed({ kind: 'exit' }),
  ]);
  expect(
    flips.map(({ from, to, who, what, count, firstSeen, lastSeen, example }) => [
      from,
      to,
      who,
      what,
      count,
      lastSeen - firstSeen,
      example,
    ]),
  ).toEqual([
    ['allow', 'deny', 'a', 'GET s:/a', 2, 5, 'd-1'],
    ['passed', 'deny', 's', 'start /bin/sh', 1, 0, 'h:1:1'],
    ['allow', 'would-deny', 's', 'connect b:1', 1, 0, 'd-1'],
  ]);
  expect([same, notReplayed]).toEqual([5, [{ reason: expect.stringContaining('not recorded'), count: 1 }]]);
});

test('what hangs on things that are not recorded is counted and not guessed', () => {
  const asking = { api: { serves: [serve('x', '/a', { user: {} })] } };
  expect(flipsOf(asking, [observed(request)])).toMatchObject({ flips: [], same: 0, notReplayed: [{ count: 1 }] });
  const denying = {
    api: { serves: [serve('x', '/a')] },
    deny: [{ id: 'd', layer: 'api', path: '/a', from: [{ match: { environment: 'dev' } }] }],
  };
  expect(flipsOf(denying, [observed(request)])).toMatchObject({ flips: [], same: 0, notReplayed: [{ count: 1 }] });
  const either = {
    api: { serves: [serve('x', '/a', { from: [{ service: 'b' }, { match: { environment: 'prod' } }] })] },
  };
  expect(flipsOf(either, [observed(request)])).toMatchObject({ flips: [], same: 0, notReplayed: [{ count: 1 }] });
  const started = { runtime: { executables: [{ id: 'x', path: '/x', from: '/y' }] } };
  const exec = observed({ kind: 'exec', path: '/x', args: [] });
  expect(flipsOf(started, [exec])).toMatchObject({ flips: [], same: 0, notReplayed: [{ count: 1 }] });
  // Whoever it is, one clause is enough, and one deny that asks for nothing.
  const sure = { api: { serves: [serve('x', '/a'), serve('y', '/**', { user: {} })] } };
  expect(flipsOf(sure, [observed(request)])).toMatchObject({ flips: [], same: 1, notReplayed: [] });
  const plain = { ...denying, deny: [{ id: 'd', layer: 'api', path: '/a' }] };
  expect(flipsOf(plain, [observed(request)]).flips).toMatchObject([{ to: 'deny', after: { clause: 'd' } }]);
});

test('what was kept counts: all attributes of who was refused, of who passed those that were asked for', () => {
  const asking = (environment: string) => ({
    api: { serves: [serve('x', '/a', { from: [{ match: { environment } }], where: 'user.scope == "pay"' })] },
  });
  const facts = { attributes: { environment: 'prod' }, claims: { scope: 'pay' } };
  const passed = { ...request, verdict: { ...request.verdict, ...facts } };
  expect(flipsOf(asking('prod'), [observed(passed)])).toMatchObject({ flips: [], same: 1, notReplayed: [] });
  expect(flipsOf(asking('dev'), [observed(passed)]).flips).toMatchObject([
    { to: 'deny', after: { reason: 'attribute' } },
  ]);
  const tenant = { api: { serves: [serve('x', '/a', { from: [{ match: { tenant: { exists: false } } }] })] } };
  // Of a refusal nothing is missing in the record; of what passed only what was asked for is there.
  const refused = { ...passed, verdict: { ...passed.verdict, effect: 'deny' as const } };
  expect(flipsOf(tenant, [observed(refused)]).flips).toMatchObject([{ from: 'deny', to: 'allow' }]);
  expect(flipsOf(tenant, [observed(passed)])).toMatchObject({ flips: [], notReplayed: [{ count: 1 }] });
});

test('the same answer by another clause is a flip only where it is asked for', () => {
  const parts = { api: { serves: [serve('y', '/a')] } };
  expect(flipsOf(parts, [observed(request)]).flips).toEqual([]);
  expect(flipsOf(parts, [observed(request)], true).flips).toMatchObject([
    { from: 'allow', to: 'allow', before: { clause: 'x' }, after: { clause: 'y' } },
  ]);
});

test('a service that is not among the new contracts is said', () => {
  const { notReplayed } = flipsOf({}, [observed(request, { service: 'other' })]);
  expect(notReplayed).toEqual([{ reason: expect.stringContaining('`other`'), count: 1 }]);
});

const template = fc.constantFrom('/a', '/a/{x}', '/{x:int}', '/**');
const contracts = fc
  .array(fc.record({ path: template, from: fc.constantFrom([{ service: 'a' }], [{ builtin: 'any-identity' }]) }), {
    maxLength: 3,
  })
  .map((serves) =>
    document({ api: { serves: serves.map((one, index) => ({ ...one, id: `c${index}`, methods: ['GET'] })) } }),
  );
const rows = ['a', 'b'].flatMap((as) =>
  ['/a', '/a/b', '/7', '/x'].map((path) => ({ service: 's', as, method: 'GET', path })),
);

test('what one contract decided flips exactly where another one decides otherwise, and nowhere against itself', () => {
  fc.assert(
    fc.property(contracts, contracts, (old, next) => {
      const [before, after] = [contractSet([old]), contractSet([next])];
      const questions = rows.map((row) => {
        const question = questionOf(row, now);
        if ('problem' in question) throw new Error(question.problem);
        return question;
      });
      const flipped = (set: typeof before) => {
        const replaying = replay(set, { clauses: false });
        for (const [index, question] of questions.entries()) {
          const { decision, clause, reason } = answer(before, question);
          replaying.take(recordedRow(question, { decision, clause, reason }, 1, String(index)));
        }
        return new Set(replaying.result().flips.map(({ who, what }) => `${who} ${what}`));
      };
      const differing = rows.filter((_, index) => {
        const question = questions[index];
        return question !== undefined && answer(before, question).decision !== answer(after, question).decision;
      });
      expect(flipped(before)).toEqual(new Set());
      expect(flipped(after)).toEqual(new Set(differing.map(({ as, path }) => `${as} GET s:${path}`)));
    }),
  );
});
