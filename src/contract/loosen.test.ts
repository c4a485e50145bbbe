import { expect, test } from 'vitest';
import type { GlassOpening } from '../model/index.js';
import { initialVersion } from './initial.js';
import { loosened } from './loosen.js';

const opening = (more: Partial<GlassOpening> = {}): GlassOpening => ({
  id: 'GLASS-1',
  services: ['shop'],
  layers: ['api'],
  host: null,
  openedAt: 0,
  until: 1,
  by: 'Ana',
  reason: 'payments are down',
  closed: null,
  ...more,
});

test('only what is enforced, of the named service at the named layers, becomes audited', () => {
  const first = initialVersion('shop', 'test', 0);
  const version = {
    ...first,
    contract: { ...first.contract, mode: { runtime: 'enforce', network: 'learn', api: 'enforce' } as const },
  };
  const modes = (...openings: GlassOpening[]) => loosened(version, openings).contract.mode;
  expect(modes()).toEqual(version.contract.mode);
  expect(loosened(version, [opening({ services: ['other'] })])).toBe(version);
  expect(modes(opening())).toEqual({ runtime: 'enforce', network: 'learn', api: 'audit' });
  expect(modes(opening({ services: null, layers: ['network', 'runtime'] }))).toEqual({
    runtime: 'audit',
    network: 'learn',
    api: 'enforce',
  });
  expect(modes(opening(), opening({ layers: ['runtime'] }))).toEqual({
    runtime: 'audit',
    network: 'learn',
    api: 'audit',
  });
  expect(loosened(version, [opening()])).toMatchObject({ version: version.version, digest: version.digest });
  expect(version.contract.mode.api).toBe('enforce');
});
