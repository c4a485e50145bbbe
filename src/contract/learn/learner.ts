/** Folds what a service does into the contract that would allow exactly that, for a person to approve. */
import { isIP } from 'node:net';
import type { Contract, ModeByLayer, Observation } from '../../model/index.js';
import { compileContract } from '../compile/compile.js';
import { fileMatcher, plainPath } from '../compile/file-pattern.js';
import { gatewayService } from '../compile/peers.js';
import { initialVersion } from '../initial.js';
import { Facts } from './facts.js';
import { isLocalAddress, isMetadataAddress, neverLearnedFile, neverLearnedProgram } from './never.js';
import { type ApiFact, type Learned, type NetworkFact, type Proposal, propose } from './propose.js';

export interface LearnerOptions {
  /** Modes of the proposal; default `audit` at runtime and network, `enforce` at the API. */
  readonly mode?: ModeByLayer;
  /** The active contract: its explicit denies are kept, and nothing they forbid is learned. */
  readonly current?: Contract;
  /** Programs that may be learned although they are on the never-learn list: what the operator starts himself. */
  readonly programs?: readonly string[];
}

export interface Learner {
  /**
   * Takes one observation of this service; others are passed over. Returns whether it taught something. While a
   * detection is open nothing is learned: give `pausedUntil` (milliseconds since the epoch).
   */
  add(observation: Observation, pausedUntil?: number): boolean;
  /** Something that is on purpose not learned, for the reviewer to see. */
  passOver(what: string, why: string): void;
  /** Unlearns what was first seen at or after a time: a detection came after the attack had begun. */
  forgetSince(at: number): void;
  /** The same observations in any order give the same contract. */
  proposal(): Proposal;
}

/**
 * @example
 * const learn = learner('payments');
 * for (const observation of observations) learn.add(observation);
 * const { contract, evidence } = learn.proposal();
 */
export function learner(service: string, options: LearnerOptions = {}): Learner {
  const learned: Learned = {
    service,
    mode: options.mode ?? { runtime: 'audit', network: 'audit', api: 'enforce' },
    deny: options.current?.deny,
    executables: new Facts(),
    files: new Facts(),
    ingress: new Facts(),
    egress: new Facts(),
    serves: new Facts(),
    calls: new Facts(),
    skipped: new Map(),
    times: {
      runtime: { days: new Set(), starts: new Set() },
      network: { days: new Set(), starts: new Set() },
      api: { days: new Set(), starts: new Set() },
    },
    seen: { execs: false, files: false, flowsIn: false, requestsIn: false },
    observed: 0,
  };
  const allowed = (options.programs ?? []).map(fileMatcher);
  const forbidden = deniesOf(service, options.current);
  return {
    passOver: (what, why) => void skip(learned, what, why),
    add(observation, pausedUntil = Number.NEGATIVE_INFINITY) {
      if (observation.service !== service) return false;
      if (observation.at < pausedUntil) return skip(learned, observation.event.kind, 'a detection was open');
      const taught = take(observation);
      if (taught) {
        learned.observed += 1;
        noteTime(learned, observation);
      }
      return taught;
    },
    forgetSince(at) {
      for (const facts of [
        learned.executables,
        learned.files,
        learned.ingress,
        learned.egress,
        learned.serves,
        learned.calls,
      ]) {
        facts.forgetSince(at);
      }
    },
    proposal: () => propose(learned),
  };

  function take(observation: Observation): boolean {
    const { event } = observation;
    const where = observation.workload ?? undefined;
    switch (event.kind) {
      case 'exec': {
        if (event.refused === true) return false;
        learned.seen.execs = true;
        const path = plainPath(event.path);
        if (path === undefined || path.includes('*')) return skip(learned, event.path, 'not an absolute path');
        if (event.drift !== undefined) return skip(learned, path, 'not part of the approved code');
        const never = neverLearnedProgram(path);
        if (never !== undefined && !allowed.some((matches) => matches(path))) return skip(learned, path, never);
        if (forbidden.decideExec({ path }).reason === 'explicit-deny')
          return skip(learned, path, 'a clause forbids it');
        learned.executables.add(path, path, where, observation);
        return true;
      }
      case 'open': {
        if (event.failed === true) return false;
        learned.seen.files = true;
        const path = plainPath(event.path);
        if (path === undefined) return skip(learned, event.path, 'not an absolute path');
        const never = neverLearnedFile(path);
        if (never !== undefined) return skip(learned, path, never);
        const access = event.write ? 'write' : 'read';
        if (forbidden.decideFile({ path, access }).reason === 'explicit-deny') {
          return skip(learned, path, 'a clause forbids it');
        }
        learned.files.add(`${path}\n${access}`, { path, access }, where, observation);
        return true;
      }
      case 'connect': {
        if (event.failed === true || event.port === 0 || isIP(event.address) === 0) return false;
        if (event.protocol !== 'tcp' && event.protocol !== 'udp') return false;
        if (isLocalAddress(event.address)) return false;
        return egress({ address: event.address }, event.protocol, event.port, observation);
      }
      case 'flow':
        if (!learnable(event.verdict)) return false;
        if (event.direction === 'out') {
          const { address } = event;
          const place = isIP(address) === 0 ? { host: address.toLowerCase() } : { address };
          return egress(event.peer === undefined ? place : { service: event.peer }, 'tcp', event.port, observation);
        }
        learned.seen.flowsIn = true;
        if (event.peer === undefined || event.port === 0) return false;
        ingress(event.peer, event.port, observation);
        return true;
      case 'request':
        return request(observation);
      default:
        return false;
    }
  }

  function request(observation: Observation): boolean {
    const { event, join } = observation;
    if (event.kind !== 'request') return false;
    if (event.direction === 'in') learned.seen.requestsIn = true;
    if (!learnable(event.verdict)) return false;
    // Only what succeeded: a scanner's 404s teach nothing.
    if (event.status === undefined || event.status < 100 || event.status >= 400) return false;
    const { direction, method, path, peer } = event;
    // Only who proved an identity: an incoming request without one is never a right.
    if (peer === undefined || !/^[A-Z]{1,16}$/.test(method) || !path.startsWith('/')) return false;
    if (direction === 'out') {
      learned.calls.add(`${peer}\n${method}\n${path}`, { peer, method, path }, peer, observation);
      return true;
    }
    if (forbidden.decideServe({ caller: peer, callerService: peer, method, path }).reason === 'explicit-deny') {
      return skip(learned, `${method} ${path}`, 'a clause forbids it');
    }
    learned.serves.add(
      `${peer}\n${method}\n${path}`,
      { peer, method, path } satisfies ApiFact,
      nameOf(peer),
      observation,
    );
    if (join.socket !== undefined && join.socket.local.port > 0) ingress(peer, join.socket.local.port, observation);
    return true;
  }

  function ingress(peer: string, port: number, observation: Observation): void {
    const fact: NetworkFact = { peer: { service: peer }, port: `tcp/${port}` };
    learned.ingress.add(`${peer}\n${fact.port}`, fact, nameOf(peer), observation);
  }

  function egress(peer: NetworkFact['peer'], protocol: 'tcp' | 'udp', port: number, observation: Observation): boolean {
    const name = 'service' in peer ? peer.service : 'host' in peer ? peer.host : peer.address;
    if (port === 0) return false;
    // Hostile text, until it is a name that a contract could hold.
    if ('host' in peer && !/^[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?$/.test(peer.host)) return false;
    if ('address' in peer) {
      if (isIP(peer.address) === 0) return false;
      if (isMetadataAddress(peer.address)) return skip(learned, name, "a cloud's metadata address");
    }
    if (forbidden.decideEgress({ ...peer, port, protocol }).reason === 'explicit-deny') {
      return skip(learned, `${name} ${protocol}/${port}`, 'a clause forbids it');
    }
    learned.egress.add(`${name}\n${protocol}/${port}`, { peer, port: `${protocol}/${port}` }, name, observation);
    return true;
  }
}

const [dayMs, mostDays, mostStarts] = [86_400_000, 366, 64];

function noteTime({ times }: Learned, { layer, at, workload }: Observation): void {
  const { days, starts } = times[layer];
  if (days.size < mostDays) days.add(Math.floor(at / dayMs));
  if (workload !== null && starts.size < mostStarts) starts.add(workload);
}

/** What was let pass because it was allowed, or because the layer is learning; nothing else teaches. */
function learnable(verdict: { readonly effect: string; readonly reason: string }): boolean {
  return verdict.effect !== 'deny' && (verdict.reason === 'allowed' || verdict.reason === 'learning');
}

function nameOf(service: string): string {
  return service === gatewayService ? 'public' : service;
}

function skip(learned: Learned, what: string, why: string): false {
  const key = `${why}\n${what.slice(0, 256)}`;
  const known = learned.skipped.get(key);
  if (known !== undefined) known.count += 1;
  else if (learned.skipped.size < 200) learned.skipped.set(key, { what: what.slice(0, 256), why, count: 1 });
  return false;
}

/** The explicit denies alone, as decisions. */
function deniesOf(service: string, current: Contract | undefined) {
  const version = initialVersion(service, 'learner', 0);
  const deny = current?.deny;
  return compileContract(deny === undefined ? version : { ...version, contract: { ...version.contract, deny } });
}
