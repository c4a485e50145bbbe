/** The shop's customers: normal traffic, and how many of their requests were wrongly refused. */
import { join } from 'node:path';
import { z } from 'zod';
import { exec } from '../../base/index.js';
import { CliError } from '../command.js';
import type { Output } from '../output/output.js';
import type { DemoPlace } from './location.js';
import { endedSince, type Part, partsOf } from './parts.js';
import type { DemoReport } from './report.js';

const Missed = z.object({ request: z.string(), status: z.int(), body: z.string() });
const TrafficRun = z.object({
  requests: z.int(),
  /** Refused, or without an answer for as long as the customer tried. */
  failed: z.array(Missed),
  /** First without an answer, or with one that says that a server is away; answered when asked again. */
  again: z.array(Missed),
});

export interface Customers {
  /** What runs now is what they trade with: what ends from here on was not the demo's doing. */
  look(): Promise<void>;
  /** True when all were served. */
  trade(requests: number): Promise<boolean>;
}

export interface CustomersOptions {
  readonly place: DemoPlace;
  readonly base: string;
  readonly traffic: DemoReport['traffic'];
  readonly say: (line: string) => void;
  readonly output: Pick<Output, 'warn'>;
}

/** How long customers try a shop of which a part is being restarted. */
const patienceSeconds = 60;

/**
 * A request that found a part dead is no refusal: who was killed decides nothing. It is asked again and told apart, if
 * a part did end meanwhile; if none did, it counts as wrongly refused. A decision of ours always counts.
 */
export function customers({ place, base, traffic, say, output }: CustomersOptions): Customers {
  let parts: readonly Part[] = [];
  return {
    look: async () => {
      parts = await partsOf(place, say);
    },
    trade: async (requests) => {
      const { failed, again } = await run(place, base, requests);
      const now = await partsOf(place, say);
      const ended = endedSince(parts, now);
      parts = now;
      const denied = [...failed, ...(ended.length === 0 ? again : [])];
      traffic.requests += requests;
      traffic.denied += denied.length;
      const [first] = denied;
      const which = first === undefined ? '' : `, first ${first.request}: ${first.status} ${first.body}`;
      say(`  ${requests} requests, ${denied.length} refused${which}`);
      const gone = ended.filter((name) => !now.some((part) => part.name === name));
      if (gone.length > 0)
        throw new CliError('demo-failed', `${gone.join(', ')} ended and did not come back: the shop is not whole`, {
          hint: 'a command that ends by itself is not started again by `up`; look at its log with --keep',
        });
      if (again.length > 0 && ended.length > 0)
        output.warn(
          `${again.length} benign requests found a part dead (${ended.join(', ')}) and were answered when asked again`,
        );
      return denied.length === 0;
    },
  };
}

async function run(place: DemoPlace, base: string, requests: number): Promise<z.infer<typeof TrafficRun>> {
  const words = ['--base', base, '--requests', String(requests), '--patience', String(patienceSeconds)];
  const done = await exec(process.execPath, [join(place.shop, 'traffic.mjs'), ...words], {
    timeoutMs: 300_000,
    cwd: '/',
  });
  try {
    return TrafficRun.parse(JSON.parse(done.stdout));
  } catch (error) {
    throw new CliError('demo-failed', 'the customers did not report', {
      cause: error,
      hint: done.stderr.slice(0, 300) || 'look at the logs with --keep',
    });
  }
}
