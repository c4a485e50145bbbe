/** Which workloads are alive, and which of them an inbound request came from. */
import type { Clock } from '../../base/index.js';
import { gatewayService } from '../../contract/index.js';
import { type Observation, serviceOf } from '../../model/index.js';
import { Recent } from '../recent.js';
import { isNear, isNewer, type Moment, momentOf, newestFirst } from './moment.js';
import type { Requests } from './requests.js';

/** A caller that many services know is a hub: sharing it says nothing. */
const hubPeers = 50;
const liveMs = 5 * 60_000;
const maxWorkloadsOfService = 64;

export class Callers {
  readonly #clock: Clock;
  readonly #requests: Pick<Requests, 'outgoing'>;
  /** Service -> when each of its workloads was last heard of. */
  readonly #live = new Recent<string, Map<string, Moment>>(5_000);
  readonly #callees = new Recent<string, Set<string>>(5_000);

  constructor(clock: Clock, requests: Pick<Requests, 'outgoing'>) {
    this.#clock = clock;
    this.#requests = requests;
  }

  learn(observation: Observation): void {
    const { service, workload, event } = observation;
    if (service === null) return;
    if (workload !== null && event.kind !== 'exit') {
      const workloads = this.#live.have(service, () => new Map());
      const now = momentOf(observation, this.#clock);
      const known = workloads.get(workload);
      if (known === undefined || isNewer(now, known)) workloads.set(workload, now);
      if (workloads.size > maxWorkloadsOfService) {
        for (const oldest of workloads.keys()) return void workloads.delete(oldest);
      }
    }
    if (event.kind === 'request' && event.direction === 'out' && event.peer !== undefined) {
      const peers = this.#callees.have(service, () => new Set());
      if (peers.size <= hubPeers) peers.add(event.peer);
    }
  }

  /**
   * The workloads a refused or odd inbound request came from: by its trace, else by the identity if only one is alive.
   *
   * @param isSuspect whether a workload is in a story already
   */
  of(observation: Observation, isSuspect: (workload: string) => boolean): { workload: string; by: string }[] {
    const { event, join } = observation;
    if (event.kind !== 'request' && event.kind !== 'flow') return [];
    const service = serviceOf(join.caller) ?? event.peer;
    if (service === undefined || service === gatewayService) return [];
    const made = join.trace === undefined ? [] : this.#requests.outgoing(join.trace);
    const traced = made
      .filter((seen) => seen.observation.service === service)
      .flatMap((seen) => seen.observation.workload ?? []);
    if (traced.length > 0) return [...new Set(traced)].map((workload) => ({ workload, by: 'trace' }));
    if ((this.#callees.get(service)?.size ?? 0) > hubPeers) return [];
    const now = momentOf(observation, this.#clock);
    const alive = [...(this.#live.get(service) ?? [])].filter(([, last]) => isNear(now, last, liveMs));
    if (alive.length === 0) return [];
    // Several replicas and no trace: the one that is in a story already, else nobody in particular.
    const suspects = alive.filter(([workload]) => isSuspect(workload));
    const newest = alive.sort(newestFirst)[0]?.[0];
    const chosen = alive.length === 1 || suspects.length === 0 ? newest : pickNewest(suspects, newest);
    return chosen === undefined ? [] : [{ workload: chosen, by: 'caller identity' }];
  }
}

function pickNewest(suspects: readonly (readonly [string, Moment])[], newest: string | undefined): string | undefined {
  return suspects.some(([workload]) => workload === newest) ? newest : [...suspects].sort(newestFirst)[0]?.[0];
}
