/** Two hosts with nothing on them yet: the first with the control plane, the second joined to it. */
import { expect } from 'vitest';
import { python } from '../house/programs.js';
import { asRoot, type House, house, leftOf, remove, roomy, type Running } from '../house/support.js';
import { type Invitation, network, type SecondHost, secondHost } from './second-host.js';
import { talker } from './talker.js';

export interface Pair {
  readonly directory: string;
  /** `alpha`, with the control plane. */
  readonly first: House;
  /** `beta`. */
  readonly second: SecondHost;
  readonly joined: Running;
  /** With a new token. */
  rejoin(): Promise<Running>;
  /** `run` of a talker on one of them; ends with the pair. */
  serve(on: 'alpha' | 'beta', service: string, options?: { calls?: string; publish?: boolean }): Running;
  /** Removes both, and sees that nothing is left. */
  end(): Promise<void>;
}

/** @param number the pair's network: one for each test file */
export async function pair(number: number, options: { skewMs?: number; settings?: object } = {}): Promise<Pair> {
  const directory = roomy();
  const net = await network(number);
  const first = house(asRoot(), directory, {
    host: 'alpha',
    agents: { listen: `${net.near}:0` },
    mesh: { address: net.near },
    ...options.settings,
  });
  const started: Running[] = [await first.up('www-data')];
  const second = secondHost('beta', directory, net);
  const join = async () => {
    const joined = second.join(await first.json<Invitation>('agent', 'token', 'beta'), options);
    started.push(joined);
    await joined.until((out) => (out.includes('"ready":true') ? true : undefined));
    return joined;
  };
  const joined = await join();
  const app = talker(directory);
  return {
    directory,
    first,
    second,
    joined,
    rejoin: join,
    serve(on, service, { calls, publish = false } = {}) {
      const [host, address] = on === 'alpha' ? [first, '127.0.0.1'] : [second, net.far];
      const running = host.run(
        [
          ...['--service', service, '--port', '8000', '--user', 'www-data'],
          ...(calls === undefined ? [] : ['--calls', `${calls}=${calls}:8000`]),
          ...(publish ? ['--publish', `${address}:0`] : []),
        ],
        [python, 'talker.py', service],
        app,
      );
      started.push(running);
      return running;
    },
    async end() {
      const instances = [first.instance(), second.instance()];
      try {
        const gone = await second.remove();
        expect(gone.status, gone.stdout + gone.stderr).toBe(0);
        const purged = await first.purge();
        expect(purged.status, purged.stdout + purged.stderr).toBe(0);
        for (const one of started) await one.done;
        for (const instance of instances) expect(await leftOf(directory, instance)).toEqual([]);
      } finally {
        await net.remove();
        remove(directory);
      }
    },
  };
}

/** Where a published service answers. */
export function published(running: Running): Promise<string> {
  return running.until((_, err) => /published on (http:\S+)/.exec(err)?.[1]);
}
