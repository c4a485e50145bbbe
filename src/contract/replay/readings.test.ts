import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Contract, modes } from '../../model/index.js';
import { contractSet } from '../ask/contract-set.js';
import { readMember } from './read-member.js';
import type { Kept } from './readings.js';
import { outcomeOf } from './recorded.js';

const peer = fc.constantFrom(
  { service: 'orders' },
  { service: 'orders', match: { environment: 'prod' } },
  { match: { environment: { notIn: ['dev'] } } },
  { match: { environment: { exists: false } } },
  { match: { service: 'orders' } },
  { builtin: 'public' },
);
const serve = fc.record(
  {
    path: fc.constantFrom('/a', '/{x}', '/**'),
    from: fc.array(peer, { minLength: 1, maxLength: 2 }),
    user: fc.constantFrom({}, { claims: { scope: 'pay' } }),
    where: fc.constantFrom("user.sub == 'ana'", "request.path == '/a'", "!(caller.environment == 'dev')"),
  },
  { requiredKeys: ['path', 'from'] },
);
const deny = fc.record({ path: fc.constant('/a'), from: fc.array(peer, { minLength: 1, maxLength: 2 }) });
const documents = fc
  .record({
    mode: fc.constantFrom(...modes),
    serves: fc.array(serve, { maxLength: 3 }),
    denied: fc.array(deny, { maxLength: 1 }),
  })
  .map(({ mode, serves, denied }) =>
    Contract.parse({
      apiVersion: 'tricordon/v1',
      kind: 'Contract',
      service: 'payments',
      mode: { runtime: mode, network: mode, api: mode },
      api: { serves: serves.map((clause, index) => ({ id: `s${index}`, methods: ['GET'], ...clause })) },
      deny: denied.map((clause, index) => ({ id: `d${index}`, layer: 'api', ...clause })),
    }),
  );

test('where both readings agree, no attribute and no claim would have changed the answer', () => {
  fc.assert(
    fc.property(
      documents,
      fc.constantFrom('orders', 'web', 'gateway'),
      fc.constantFrom('/a', '/b'),
      fc.constantFrom({}, { environment: 'prod' }, { environment: 'dev' }),
      fc.constantFrom(null, {}, { scope: 'pay' }, { sub: 'ana' }, { sub: 'ana', scope: 'pay' }),
      fc.constantFrom('nothing', 'some', 'all'),
      (document, service, path, known, claims, kept) => {
        const set = contractSet([{ file: 'payments.yaml', document }]);
        const member = set.memberOf(document);
        const id = `spiffe://shop/service/${service}`;
        const ofIdentity = { id, service, 'trust-domain': 'shop' };
        const asked = { caller: id, callerService: service, method: 'GET', path };
        // As records have them: of what passed the attributes that were asked for, and were there; of a user some claims.
        const some = kept !== 'nothing';
        const holds: Kept = {
          attributes: kept === 'all' ? 'all' : some ? Object.keys(known) : [],
          claims: some ? Object.keys(claims ?? {}).slice(0, 1) : [],
        };
        const part = Object.fromEntries(Object.entries(claims ?? {}).slice(0, 1));
        const given = {
          attributes: { ...(some ? known : {}), ...ofIdentity },
          claims: some && holds.claims.length > 0 ? part : null,
        };
        const [least, most] = (['against', 'for'] as const).map((reading) =>
          outcomeOf(readMember(member, reading, holds).decideServe({ ...asked, ...given })),
        );
        if (least !== most) return;
        const whole = member.compiled.decideServe({ ...asked, attributes: { ...ofIdentity, ...known }, claims });
        expect(outcomeOf(whole)).toBe(most);
      },
    ),
    { numRuns: 500 },
  );
});
