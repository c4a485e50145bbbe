import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { requires } from '../../requires.js';
import { killedDuringDemo, type Stage, type Victim } from './demo-kill.js';
import { asUser, ownedBy, remove, roomy, tricordon } from './support.js';

const it = await requires('userns', 'nftables', 'strace', 'postgresql');
const uid = 65_534;

/** Without root there is no helper; the sensor is the tracer of each command. */
const deaths: readonly (readonly [victim: Victim, after: string])[] = [
  ['demo', 'the attack'],
  ['up', 'approving'],
  ['control', 'approving'],
  ['agent', 'customers come to'],
  ['postgresql', 'approving'],
  ['gateway', 'customers come to'],
  ['catalog sidecar', 'customers come to'],
  ['catalog', 'customers come to'],
];

describe('killing a process of the demo of an ordinary user', () => {
  let stage: Stage;
  let directory = '';
  beforeAll(async () => {
    directory = roomy();
    const runner = asUser(directory, uid);
    await ownedBy(uid, join(directory, 'home'), join(directory, 'tree'));
    const base = join(directory, 'home/.local/share/tricordon-demo');
    stage = { runner, base, runtime: `/tmp/tricordon-demo-${process.getuid?.() === 0 ? uid : process.getuid?.()}` };
  });
  afterAll(async () => {
    await tricordon(stage.runner, ['status']);
    remove(directory);
  });

  for (const [victim, after] of deaths) {
    it(`${victim} after \`${after}\`: holds, or says why not, and leaves nothing to the next command`, async ({
      task,
    }) => {
      task.meta.outcome = await killedDuringDemo(stage, victim, after);
    });
  }
});
