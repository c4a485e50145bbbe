import { expect, test } from 'vitest';
import { ratesOf } from '../contract/index.js';
import { Contract } from '../model/index.js';
import { initialVersion } from '../contract/index.js';
import { Rates } from './rates.js';

function rateOf(rate: object, mode: 'learn' | 'audit' | 'enforce' = 'enforce', own: object = {}) {
  const version = initialVersion('payments', 'test', 0);
  const contract = Contract.parse({
    ...version.contract,
    mode: { ...version.contract.mode, api: mode },
    api: {
      serves: [{ id: 'charge', methods: ['POST'], path: '/charges', from: [{ service: 'orders' }], rate, ...own }],
    },
  });
  const found = ratesOf({ ...version, contract }).get('charge');
  if (found === undefined) throw new Error('no rate');
  return found;
}

test('so many at once, and as many anew in its time', () => {
  const [rates, rate] = [new Rates(), rateOf({ requests: 2, per: '1s' })];
  const take = (at: number) => rates.take('charge', rate, '', at);
  expect([take(0), take(0), take(0), take(499)]).toEqual([true, true, false, false]);
  expect([take(501), take(501)]).toEqual([true, false]);
  expect([take(60_000), take(60_000), take(60_000)]).toEqual([true, true, false]);
});

test('whoever is beyond it waits, whatever else he sends', () => {
  const [rates, rate] = [new Rates(), rateOf({ requests: 1, per: '1m' })];
  expect(rates.take('charge', rate, '', 0)).toBe(true);
  for (let at = 1; at < 60_000; at += 997) expect(rates.take('charge', rate, '', at)).toBe(false);
  expect(rates.take('charge', rate, '', 60_000)).toBe(true);
});

test('each caller and claim has its own; a claim that is missing is no claim `null`', () => {
  const rate = rateOf({ requests: 1, per: '1h', key: ['caller', 'user.org.tenant'] });
  const key = (caller: string, claims: Parameters<typeof rate.keyOf>[0]['claims']) => rate.keyOf({ caller, claims });
  const keys = [
    key('a', { org: { tenant: 'x' } }),
    key('b', { org: { tenant: 'x' } }),
    key('a', { org: { tenant: 'y' } }),
    key('a', { org: { tenant: 'null' } }),
    key('a', null),
  ];
  expect(new Set(keys).size).toBe(5);
  expect(key('a', {})).toBe(key('a', null));
});

test('however many keys come, memory stays bounded and the last ones count', () => {
  const [rates, rate] = [new Rates(), rateOf({ requests: 1, per: '1h', key: ['caller'] })];
  for (let caller = 0; caller < 25_000; caller += 1) rates.take('charge', rate, String(caller), 0);
  expect(rates.take('charge', rate, '24999', 1)).toBe(false);
  expect(rates.take('charge', rate, '0', 1)).toBe(true);
});

test('another version of the contract counts on where the rate is the same', () => {
  const rates = new Rates();
  rates.take('charge', rateOf({ requests: 1, per: '1h' }), '', 0);
  rates.keep(new Map([['charge', rateOf({ requests: 1, per: '1h' })]]));
  expect(rates.take('charge', rateOf({ requests: 1, per: '1h' }), '', 1)).toBe(false);
  expect(rates.take('charge', rateOf({ requests: 2, per: '1h' }), '', 1)).toBe(true);
  rates.keep(new Map());
  expect(rates.take('charge', rateOf({ requests: 2, per: '1h' }), '', 1)).toBe(true);
});

test('what is beyond is refused, or told, as the layer and the clause say', () => {
  const { beyond } = rateOf({ requests: 4, per: '10s', key: ['caller'] });
  expect(beyond).toMatchObject({
    effect: 'deny',
    reason: 'rate',
    clause: 'charge',
    template: '/charges',
    retryAfter: 3,
  });
  expect(beyond.nearest?.failed).toEqual([{ predicate: 'rate', wanted: '4 in 10s for each caller', got: 'more' }]);
  expect(rateOf({ requests: 1, per: '1s' }, 'audit').beyond).toMatchObject({ effect: 'would-deny', reason: 'rate' });
  const mild = rateOf({ requests: 1, per: '1s' }, 'enforce', { mode: 'audit', until: '2030-01-01' });
  expect(mild.beyond.effect).toBe('would-deny');
});
