/** Requests seen, by workload and by trace: to find which request made a process do what it did. */
import { gatewayService } from '../../contract/index.js';
import type { Event, Observation } from '../../model/index.js';
import { Recent } from '../recent.js';
import type { Lineage } from './lineage.js';

export interface SeenRequest {
  readonly observation: Observation;
  readonly event: Extract<Event, { readonly kind: 'request' }>;
  readonly from: number;
  readonly until: number;
}

export interface Cause {
  readonly request: SeenRequest;
  /** How sure: the same socket and process, or only the same workload and time. */
  readonly by: 'socket and process' | 'time';
}

const perWorkload = 512;
const perTrace = 32;

export class Requests {
  readonly #inbound = new Recent<string, Recent<string, SeenRequest>>(5_000);
  readonly #traces = new Recent<string, SeenRequest[]>(20_000);

  learn(observation: Observation): SeenRequest | undefined {
    const { event, join, at } = observation;
    if (event.kind !== 'request') return undefined;
    const seen: SeenRequest = { observation, event, from: at, until: at + (event.durationMs ?? 0) };
    if (join.trace !== undefined) {
      const traced = this.#traces.have(join.trace, () => []);
      push(traced, seen);
    }
    if (event.direction === 'in' && observation.workload !== null && event.verdict.effect !== 'deny') {
      this.#inbound.have(observation.workload, () => new Recent(perWorkload)).set(observation.id, seen);
    }
    return seen;
  }

  /** Requests this trace made in other services. */
  outgoing(trace: string): readonly SeenRequest[] {
    return (this.#traces.get(trace) ?? []).filter((seen) => seen.event.direction === 'out');
  }

  /**
   * The inbound request during which an act happened. The request's socket must have been accepted by the acting process
   * or an ancestor; where nobody saw the accept, time alone decides. INVARIANT: without slack at the ends, since a
   * kept-alive connection carries the next request on the same socket at once.
   */
  causeOf(host: string, workload: string, at: number, pid: number | undefined, lineage: Lineage): Cause | undefined {
    const during = this.#during(workload, at);
    const chain = pid === undefined ? [] : lineage.chain(host, pid);
    let best: Cause | undefined;
    for (const request of during) {
      const acceptor = lineage.accepted(host, workload, request.observation.join);
      if (acceptor !== undefined && pid !== undefined && !chain.includes(acceptor)) continue;
      const by = acceptor !== undefined && pid !== undefined ? 'socket and process' : 'time';
      const better =
        best === undefined || (by === best.by ? request.from > best.request.from : by === 'socket and process');
      if (better) best = { request, by };
    }
    return best;
  }

  /** The request one hop further out that made the caller call: same trace, else the caller's work at that time. */
  upstreamOf(request: SeenRequest): Cause | undefined {
    const { trace } = request.observation.join;
    const caller = request.event.peer;
    if (trace === undefined || caller === undefined || caller === gatewayService) return undefined;
    const out = this.outgoing(trace).find((seen) => seen.observation.service === caller);
    if (out === undefined || out.observation.workload === null) return undefined;
    const during = this.#during(out.observation.workload, out.from);
    const traced = during.filter((seen) => seen.observation.join.trace === trace);
    const [found] = (traced.length > 0 ? traced : during).sort(
      (left, right) =>
        sharedTail(right.event.path, out.event.path) - sharedTail(left.event.path, out.event.path) ||
        Number(right.event.method === out.event.method) - Number(left.event.method === out.event.method) ||
        right.from - left.from,
    );
    if (found === undefined) return undefined;
    return { request: found, by: traced.length > 0 ? 'socket and process' : 'time' };
  }

  #during(workload: string, at: number): SeenRequest[] {
    const all = this.#inbound.get(workload)?.values() ?? [];
    return [...all].filter((seen) => seen.from <= at && at <= seen.until);
  }
}

function push(list: SeenRequest[], seen: SeenRequest): void {
  if (list.some((each) => each.observation.id === seen.observation.id)) return;
  list.push(seen);
  if (list.length > perTrace) list.shift();
}

function sharedTail(left: string, right: string): number {
  const a = left.split('/').reverse();
  const b = right.split('/').reverse();
  let count = 0;
  while (count < a.length && a[count] === b[count]) count += 1;
  return count;
}
