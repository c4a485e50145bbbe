import { describe, expect, test } from 'vitest';
import { Contract } from '../../model/index.js';
import { parseAcceptances, reckon } from './acceptances.js';
import { parsePlace } from './place.js';
import type { Diagnostic } from './target.js';

const problem = (work: () => unknown): string => {
  try {
    work();
    return 'none';
  } catch (error) {
    return String(error);
  }
};

describe('a place', () => {
  test('has addresses, labels and names of services', () => {
    const text = 'services:\n  db: { addresses: [10.0.0.7, "fd00::7"], podLabels: { app: db }, unit: db.service }\n';
    expect(parsePlace(text, 'p').services['db']?.addresses).toEqual(['10.0.0.7', 'fd00::7']);
  });

  test.each([
    ['services: { db: { adresses: [10.0.0.7] } }', /line 1, column \d+.*did you mean `addresses`\?/],
    ['services:\n  db: { addresses: [10.0.0] }', /line 2, column \d+.*10\.0\.0\.7/],
    ['services:\n  db: { unit: ../x.service }', /line 2.*payments\.service/],
    ['services: { "D B": {} }', /D B/],
    ['resolvers: []', /`services` is missing/],
    ['services: &a {}', /anchor/],
    ['services: {}\nservices: {}', /unique/],
  ])('%j is refused with its place', (text, wanted) => {
    expect(problem(() => parsePlace(text, 'place.yaml'))).toMatch(wanted);
  });
});

describe('an acceptance', () => {
  const at = Date.parse('2026-11-23');
  const contract = (runtime: string) =>
    Contract.parse({
      apiVersion: 'tricordon/v1',
      kind: 'Contract',
      service: 'a',
      mode: { runtime, network: 'off', api: 'enforce' },
      deny: [{ id: 'sh', layer: 'runtime', executable: '/bin/sh' }],
    });
  const lost = (section: string, clause: string | null): Diagnostic => ({
    section,
    clause,
    target: 'docker',
    level: 'impossible',
    reason: '',
    compensation: '',
  });
  const one = (more: string) => `acceptances:\n  - { ${more}, owner: ana, reason: SEC-7 }\n`;
  const read = (text: string) => parseAcceptances(text, 'a.yaml', ['docker', 'systemd']);
  const refused = (text: string, runtime = 'enforce') => {
    const diagnostics = [lost('deny', 'sh'), lost('runtime.files', 'f')];
    return reckon(contract(runtime), diagnostics, read(text), at).refused.map(({ clause }) => clause);
  };

  test('counts for its clause or section and its target, until it ends', () => {
    expect(refused(one('clause: sh, target: docker, until: 2026-12-01'))).toEqual(['f']);
    expect(refused(one('section: runtime.files, target: docker, until: 2026-12-01'))).toEqual(['sh']);
    expect(refused(one('clause: sh, target: systemd, until: 2026-12-01'))).toEqual(['sh', 'f']);
    expect(refused(one('clause: sh, target: docker, until: 2026-11-23'))).toEqual(['sh', 'f']);
    const { ended } = reckon(
      contract('enforce'),
      [lost('deny', 'sh')],
      read(one('clause: sh, target: docker, until: 2026-11-23')),
      at,
    );
    expect(ended.map(({ clause }) => clause)).toEqual(['sh']);
  });

  test('is not asked for where the layer does not enforce; a bound counts as enforced', () => {
    expect(refused('acceptances: []', 'audit')).toEqual([]);
    expect(reckon(contract('audit'), [lost('bound.prod', null)], [], at).refused).toHaveLength(1);
  });

  test.each([
    ['acceptances: [{ clause: a, target: docker, reason: r, until: 2026-12-01 }]', /owner` is missing/],
    ['acceptances: [{ clause: a, target: docker, owner: o, until: 2026-12-01 }]', /reason` is missing/],
    ['acceptances: [{ clause: a, target: docker, owner: o, reason: r }]', /until/],
    [one('target: docker, until: 2026-12-01'), /line 2.*exactly one of `clause` and `section`/],
    [one('clause: a, section: b, target: docker, until: 2026-12-01'), /exactly one/],
    [one('clause: a, target: dokcer, until: 2026-12-01'), /line 2.*did you mean `docker`\?/],
    [one('clause: a, target: docker, until: 2026-13-01'), /line 2/],
  ])('%j is refused', (text, wanted) => {
    expect(problem(() => read(text))).toMatch(wanted);
  });
});
