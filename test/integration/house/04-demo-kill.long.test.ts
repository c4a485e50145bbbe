import { afterAll, describe } from 'vitest';
import { requires } from '../../requires.js';
import { killedDuringDemo, type Stage, type Victim } from './demo-kill.js';
import { asRoot, tricordon } from './support.js';

const it = await requires('root', 'bpftrace', 'nftables', 'iproute2', 'postgresql');
const stage: Stage = { runner: asRoot(), base: '/var/lib/tricordon-demo', runtime: '/run/tricordon-demo' };

/** Who dies, and after which word of the demo. */
const deaths: readonly (readonly [victim: Victim, after: string])[] = [
  ['demo', 'preparing the shop'],
  ['demo', 'customers come to'],
  ['demo', 'containing it'],
  ['up', 'agent ready'],
  ['up', 'customers come to'],
  ['control', 'agent ready'],
  ['control', 'approving'],
  ['control', 'containing it'],
  ['control', 'attacking again'],
  ['agent', 'services ready'],
  ['agent', 'containing it'],
  ['helper', 'the attack'],
  ['helper', 'containing it'],
  ['postgresql', 'customers come to'],
  ['postgresql', 'containing it'],
  ['gateway', 'customers come to'],
  ['gateway', 'the attack'],
  ['orders sidecar', 'approving'],
  ['orders', 'approving'],
  ['catalog sidecar', 'customers come to'],
  ['catalog', 'customers come to'],
];

describe('killing a process of the demo', () => {
  afterAll(async () => {
    await tricordon(stage.runner, ['status']);
  });

  for (const [victim, after] of deaths) {
    it(`${victim} after \`${after}\`: holds, or says why not, and leaves nothing to the next command`, async ({
      task,
    }) => {
      task.meta.outcome = await killedDuringDemo(stage, victim, after);
    });
  }
});
