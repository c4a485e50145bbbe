import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { at, inputOf, versionOf } from '../../../test/fakes/random-contract.js';
import { Contract } from '../../model/index.js';
import { compileContract } from '../compile/compile.js';
import { mosquitto } from './mosquitto/index.js';
import { nats } from './nats/index.js';
import { partsOf } from './parts.js';
import type { Target } from './target.js';
import { directions } from './topics.js';

const contract = (parts: object, mode = 'enforce') =>
  Contract.parse({
    apiVersion: 'tricordon/v1',
    kind: 'Contract',
    service: 'app',
    mode: { runtime: 'off', network: 'off', api: mode },
    ...parts,
  });
const messages = (publish: unknown, subscribe: unknown, deny: unknown = []) =>
  contract(JSON.parse(JSON.stringify({ api: { messages: { publish, subscribe } }, deny })));
const textOf = (target: Target, given: Contract) => target.compile(inputOf(given)).artefacts[0]?.text ?? '';
const levels = (target: Target, given: Contract) =>
  target.compile(inputOf(given)).diagnostics.map(({ clause, section, level }) => `${clause ?? section} ${level}`);

const topic = fc.constantFrom('a', 'a.b', 'a.*', 'a.>', '>', '*.b', 'b.c', '*');
const terms = fc.constantFrom(
  {},
  { until: '2026-01-01' },
  { until: '2027-01-01' },
  { mode: 'audit', until: '2027-01-01' },
);
const clauses = (letter: string) =>
  fc.option(
    fc
      .array(fc.tuple(topic, terms), { maxLength: 3 })
      .map((all) => all.map(([one, term], index) => ({ id: `${letter}${index}`, topic: one, ...term }))),
    { nil: undefined },
  );
const denies = fc
  .array(
    fc.tuple(
      topic,
      fc.constantFrom('publish', 'subscribe'),
      fc.constantFrom({}, { mode: 'audit', until: '2027-01-01' }),
    ),
    { maxLength: 2 },
  )
  .map((all) =>
    all.map(([one, direction, term], index) => ({ id: `d${index}`, layer: 'api', [direction]: one, ...term })),
  );
const universe = ['a', 'a.b', 'a.c', 'a.b.c', 'b', 'b.c', 'x.b', 'x'];

describe.each([nats, mosquitto])('$name', (target) => {
  test('read back, allows nothing that the contract refuses but where it says so, and says something of every clause', () => {
    fc.assert(
      fc.property(clauses('p'), clauses('s'), denies, (publish, subscribe, deny) => {
        const given = messages(publish, subscribe, deny);
        const { artefacts, diagnostics } = target.compile(inputOf(given));
        const told = diagnostics.map(({ section, clause }) => `${section} ${clause}`);
        expect(new Set(told).size).toBe(told.length);
        for (const { section, clause } of partsOf(given, 'api')) expect(told).toContain(`${section} ${clause}`);
        const decided = compileContract(versionOf(given));
        const held = artefacts.length === 0 ? undefined : target.read(artefacts);
        const lost = new Set(diagnostics.filter(({ level }) => level !== 'exact').map(({ section }) => section));
        for (const direction of directions) {
          for (const name of universe) {
            const decision =
              direction === 'publish'
                ? decided.decidePublish({ topic: name, at })
                : decided.decideSubscribe({ topic: name, at });
            const may = held === undefined ? true : held.allows({ kind: direction, topic: name });
            if (decision.effect === 'deny' && may !== false)
              expect([`api.messages.${direction}`, 'deny'].some((section) => lost.has(section))).toBe(true);
            // What passes in full passes here as well.
            if (decision.reason === 'allowed') expect({ name, direction, may }).toMatchObject({ may: true });
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test('writes nothing where a layer only tells, or nothing is said of messages', () => {
    const published = { api: { messages: { publish: [{ id: 'p', topic: 'a' }] } } };
    for (const given of [contract(published, 'audit'), contract({ api: { calls: [] } })])
      expect(target.compile(inputOf(given)).artefacts).toEqual([]);
    expect(levels(target, contract(published, 'audit'))).toEqual(['p impossible']);
  });

  test('says that requests are nothing to a broker', () => {
    const serve = { id: 's', methods: ['GET'], path: '/', from: [{ service: 'a' }] };
    const given = contract({
      api: { serves: [serve], messages: { publish: [] } },
      deny: [{ id: 'd', layer: 'api', path: '/' }],
    });
    expect(levels(target, given)).toEqual(['api.messages.publish exact', 's impossible', 'd impossible']);
  });

  test.each(['a"].b', 'a\\.b', 'a#b', 'a+.b', '{{x}}'])('does not write a topic like %j', (hostile) => {
    const given = messages([{ id: 'p', topic: hostile }], []);
    const text = textOf(target, given);
    if (text.includes(hostile))
      expect(target.read(target.compile(inputOf(given)).artefacts).allows({ kind: 'publish', topic: hostile })).toBe(
        true,
      );
    else expect(levels(target, given)).toContain('p impossible');
    expect(() => target.read(target.compile(inputOf(given)).artefacts)).not.toThrow();
  });

  test('what is added by hand is not read back', () => {
    const given = messages([{ id: 'p', topic: 'a.b' }], []);
    const [artefact] = target.compile(inputOf(given)).artefacts;
    if (artefact === undefined) throw new Error('nothing was written');
    const wrong = (text: string) => () => target.read([{ ...artefact, text }]);
    const code = expect.objectContaining({ code: 'contract-artefact', message: expect.stringMatching(/line \d+/) });
    for (const text of [
      `${artefact.text}topic readwrite #\n`,
      artefact.text.replaceAll('user ', 'users '),
      artefact.text.slice(0, 120),
      '',
    ])
      expect(wrong(text)).toThrow(code);
    expect(() => target.read([])).toThrow(expect.objectContaining({ code: 'contract-artefact' }));
  });
});

test('NATS gets the identity, groups, and a refusal where an empty list would allow everything', () => {
  const given = messages(
    [],
    [
      { id: 's', topic: 'orders.>', group: 'settle' },
      { id: 't', topic: 'x', group: 'a b' },
    ],
  );
  const text = textOf(nats, given);
  expect(text).toContain('user = "spiffe://tricordon.local/service/app"');
  expect(text).toContain('publish = { deny = [">"] }');
  expect(text).toContain('subscribe = { allow = ["orders.> settle"] }');
  expect(levels(nats, given)).toEqual(['api.messages.publish exact', 's exact', 't impossible']);
  const elsewhere = nats.compile({ ...inputOf(given), place: { services: {}, trustDomain: 'corp.example' } });
  expect(elsewhere.artefacts[0]?.text).toContain('spiffe://corp.example/service/app');
});

test('Mosquitto gets filters that leave out the parent, and says that it knows common names alone', () => {
  const given = messages([{ id: 'p', topic: 'a.>' }], [{ id: 's', topic: 'b.*' }]);
  expect(textOf(mosquitto, given).split('\n').slice(2)).toEqual([
    'user app',
    'topic write a/+/#',
    'topic read b/+',
    '',
  ]);
  expect(levels(mosquitto, given)).toEqual(['p looser', 's looser']);
  const crossed = messages(
    [{ id: 'p', topic: '>' }],
    [{ id: 's', topic: 'b' }],
    [{ id: 'd', layer: 'api', publish: 'b' }],
  );
  expect(levels(mosquitto, crossed)).toContain('d impossible');
});
