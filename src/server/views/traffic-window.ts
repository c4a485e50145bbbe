/**
 * Who called whom: a rolling hour of requests and connections in buckets of ten seconds, fed by every observation, bounded
 * in memory. What did not fit is counted and said.
 */
import type { Observation } from '../../model/index.js';

/** One direction between two ends; the ends are node ids of the map (`service:NAME`, `gateway`, `public`, `outside:HOST`). */
export interface EdgeTotals {
  readonly from: string;
  readonly to: string;
  requests: number;
  connections: number;
  refused: number;
  wouldRefuse: number;
  /** Seen without a proved identity. */
  plain: number;
  identity: string | null;
  lastAt: number;
  readonly durations: number[];
  readonly operations: Map<string, { method: string; path: string; count: number; refused: number }>;
  readonly reasons: Map<string, number>;
}

export interface TrafficWindow {
  add(observation: Observation): void;
  edges(from: number, to: number): { edges: EdgeTotals[]; uncounted: number };
}

const bucketMs = 10_000;
const maxEdgesPerBucket = 2_000;
const maxOperations = 50;
const maxDurations = 64;

export function trafficWindow(keepMs = 3_600_000): TrafficWindow {
  const buckets = new Map<number, { edges: Map<string, EdgeTotals>; uncounted: number }>();
  let newest = 0;
  return {
    add(observation) {
      const seen = callOf(observation);
      if (seen === undefined) return;
      const key = Math.floor(observation.at / bucketMs);
      // A host whose clock runs ahead must not push everything else out of the window.
      if (newest > 0 && key > newest + 360) return;
      newest = Math.max(newest, key);
      if (key < newest - keepMs / bucketMs) return;
      let bucket = buckets.get(key);
      if (bucket === undefined) {
        bucket = { edges: new Map(), uncounted: 0 };
        buckets.set(key, bucket);
        for (const old of buckets.keys()) if (old < newest - keepMs / bucketMs) buckets.delete(old);
      }
      const id = `${seen.from} ${seen.to}`;
      let totals = bucket.edges.get(id);
      if (totals === undefined) {
        if (bucket.edges.size >= maxEdgesPerBucket) {
          bucket.uncounted += 1;
          return;
        }
        totals = emptyTotals(seen.from, seen.to);
        bucket.edges.set(id, totals);
      }
      count(totals, observation, seen.counts);
    },
    edges(from, to) {
      const merged = new Map<string, EdgeTotals>();
      let uncounted = 0;
      for (const [key, bucket] of buckets) {
        if ((key + 1) * bucketMs <= from || key * bucketMs > to) continue;
        uncounted += bucket.uncounted;
        for (const [id, totals] of bucket.edges) {
          const into = merged.get(id) ?? emptyTotals(totals.from, totals.to);
          merged.set(id, into);
          merge(into, totals);
        }
      }
      return { edges: [...merged.values()], uncounted };
    },
  };
}

/**
 * A call between two services is reported by both sides: the callee's report is the one that counts. The caller's counts
 * when nothing of ours answers at the other end, or when the caller's own side refused, so that the callee never saw it.
 */
function callOf({ event, service, join }: Observation): { from: string; to: string; counts: boolean } | undefined {
  if ((event.kind !== 'request' && event.kind !== 'flow') || service === null) return undefined;
  const own = nodeOf(service);
  if (event.direction === 'in') {
    if (event.peer !== undefined) return { from: nodeOf(event.peer), to: own, counts: true };
    if (service === 'gateway') return { from: 'public', to: own, counts: true };
    return { from: `outside:${join.socket?.peer.address ?? 'unknown'}`, to: own, counts: true };
  }
  if (event.peer === undefined) {
    const address = event.kind === 'flow' ? event.address : (join.socket?.peer.address ?? 'unknown');
    const port = event.kind === 'flow' ? event.port : join.socket?.peer.port;
    return { from: own, to: `outside:${address}${port === undefined ? '' : `:${port}`}`, counts: true };
  }
  if (event.verdict.effect === 'allow') return undefined;
  return { from: own, to: nodeOf(event.peer), counts: event.verdict.effect === 'deny' };
}

export function nodeOf(service: string): string {
  return service === 'gateway' ? 'gateway' : `service:${service}`;
}

function count(totals: EdgeTotals, observation: Observation, counts: boolean): void {
  const { event } = observation;
  if (event.kind !== 'request' && event.kind !== 'flow') return;
  const refused = event.verdict.effect === 'deny';
  // Only an approved contract can be left: what passed while it was still learned is no deviation.
  if (event.verdict.effect === 'would-deny' && event.verdict.reason !== 'learning' && (event.verdict.version ?? 0) > 0)
    totals.wouldRefuse += 1;
  if (event.verdict.effect !== 'allow') bump(totals.reasons, event.verdict.reason);
  totals.lastAt = Math.max(totals.lastAt, observation.at);
  if (!counts) return;
  if (refused) totals.refused += 1;
  if (observation.join.caller !== undefined) totals.identity = observation.join.caller;
  if (event.kind === 'flow') {
    totals.connections += 1;
    if (!event.mtls) totals.plain += 1;
    return;
  }
  totals.requests += 1;
  if (event.direction === 'in' && observation.join.caller === undefined) totals.plain += 1;
  if (event.durationMs !== undefined && totals.durations.length < maxDurations) totals.durations.push(event.durationMs);
  const path = event.template ?? event.path;
  const key = `${event.method} ${path}`;
  const operation = totals.operations.get(key);
  if (operation !== undefined) {
    operation.count += 1;
    if (refused) operation.refused += 1;
  } else if (totals.operations.size < maxOperations) {
    totals.operations.set(key, { method: event.method, path: path.slice(0, 256), count: 1, refused: refused ? 1 : 0 });
  }
}

function merge(into: EdgeTotals, from: EdgeTotals): void {
  into.requests += from.requests;
  into.connections += from.connections;
  into.refused += from.refused;
  into.wouldRefuse += from.wouldRefuse;
  into.plain += from.plain;
  into.identity = from.identity ?? into.identity;
  into.lastAt = Math.max(into.lastAt, from.lastAt);
  for (const duration of from.durations) if (into.durations.length < 1_024) into.durations.push(duration);
  for (const [key, operation] of from.operations) {
    const known = into.operations.get(key);
    if (known === undefined) into.operations.set(key, { ...operation });
    else {
      known.count += operation.count;
      known.refused += operation.refused;
    }
  }
  for (const [reason, times] of from.reasons) bump(into.reasons, reason, times);
}

function emptyTotals(from: string, to: string): EdgeTotals {
  return {
    from,
    to,
    requests: 0,
    connections: 0,
    refused: 0,
    wouldRefuse: 0,
    plain: 0,
    identity: null,
    lastAt: 0,
    durations: [],
    operations: new Map(),
    reasons: new Map(),
  };
}

function bump(map: Map<string, number>, key: string, by = 1): void {
  map.set(key, (map.get(key) ?? 0) + by);
}
