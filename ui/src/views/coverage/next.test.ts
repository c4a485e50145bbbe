import { expect, it } from 'vitest';
import type { CoveredService, Hold } from '../../../../src/server/api-types.ts';
import { nextCommands } from './next.ts';

const service = (...holds: readonly Hold['hold'][]): CoveredService => ({
  service: 'orders',
  labels: {},
  contract: null,
  proposal: null,
  hosts: [],
  workloads: 1,
  identity: 'spiffe://td/service/orders',
  attributes: {},
  holds: (['runtime', 'network', 'api'] as const).map((layer, index) => ({
    layer,
    hold: holds[index] ?? 'enforced',
    reason: '',
  })),
  heldOnAll: false,
  learned: 0,
  openIncident: null,
});

it('names only the layers that a mode would hold, with the command for them', () => {
  expect(nextCommands([service('audit', 'enforced', 'learning')])).toEqual([
    {
      sentence: 'orders is in audit on runtime and learning on API. Enforce what was learned:',
      command: 'tricordon contract approve orders --mode runtime=enforce,api=enforce',
    },
  ]);
});

it('offers no mode where a mode would not help', () => {
  expect(
    nextCommands([service('enforced', 'partial', 'unwatched'), service('bypassable', 'off', 'unmanaged')]),
  ).toEqual([]);
});

it('starts again what is held from its next start on, and offers nothing where the host cannot refuse', () => {
  expect(nextCommands([service('next-start', 'enforced', 'enforced'), service('observed')])).toEqual([
    {
      sentence: 'orders is held to its contract from its next start on. Start it again:',
      command: 'tricordon respond restart orders',
    },
  ]);
});
