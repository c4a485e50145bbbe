/** Normal traffic, until the control plane has learned what the shop does. */
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../base/index.js';
import type { ContractsAnswer } from '../../server/index.js';
import type { Api } from '../api.js';
import type { Output } from '../output/output.js';
import type { Customers } from './customers.js';
import type { DemoPlace } from './location.js';
import { sight } from './parts.js';

export interface LearningOptions {
  readonly place: DemoPlace;
  readonly api: Api;
  readonly shoppers: Customers;
  readonly say: (line: string) => void;
  readonly output: Pick<Output, 'warn'>;
}

/** What the sensor did not see is not learned, and refused later on: customers come again where it was blind meanwhile. */
export async function learn({ place, say, output, api, shoppers }: LearningOptions): Promise<void> {
  const { by } = await sight(place, say);
  for (let attempt = 1; ; attempt += 1) {
    const began = systemClock.now();
    await shoppers.trade(120);
    await learned(api);
    const after = await sight(place, say, by);
    if (after.since !== null && after.since <= began) return;
    if (attempt === 3) {
      output.warn('the sensor was blind for a part of the learning: the contracts may lack what happened then');
      return;
    }
    say('  the sensor did not see all of it: customers come again');
  }
}

/** Until the learner has taken in all that came: the counts stand still. */
async function learned(api: Api): Promise<void> {
  let last = -1;
  let still = 0;
  for (let attempt = 0; attempt < 120 && still < 4; attempt += 1) {
    const { contracts } = await api.get<ContractsAnswer>('/v1/contracts');
    const sum = contracts.reduce((total, row) => total + row.learned, 0);
    still = sum === last && sum > 0 ? still + 1 : 0;
    last = sum;
    await sleep(250);
  }
}
