/** What is learned of each service, folded in memory and built anew from the store after a start. */
import { clausesOf, type Learner, learner, type Proposal } from '../../contract/index.js';
import { type Contract, type ContractVersion, layers, type Observation } from '../../model/index.js';
import { ServerError } from '../errors.js';

export interface Learning {
  /** The contracts that are in force now; a new version of a service starts its learning anew. */
  follow(active: ReadonlyMap<string, ContractVersion>, programs: (service: string) => readonly string[]): void;
  /** Folds one observation, if the service's contract is learning at that layer. */
  fold(observation: Observation): void;
  /** A detection spoke of it: it is not folded, and the proposal says so. */
  passOver(observation: Observation, why: string): void;
  /** A detection: what was first seen since then is unlearned, and nothing is learned until `resume`. */
  suspect(service: string, since: number): void;
  /** Services with an open incident; the others learn on. */
  suspended(services: ReadonlySet<string>): void;
  /** The live proposal; undefined when nothing was learned since the version in force. @throws ServerError `unavailable` */
  proposal(service: string): Omit<Proposal, 'skipped'> | undefined;
  /** Seen, and on purpose not in the proposal. */
  passedOver(service: string): Proposal['skipped'];
  /** Observations behind the live proposal. */
  readonly count: (service: string) => number;
  /** Forgets all of it: `relearn` reads it again from the start. */
  restart(): void;
  /** Services that learn, and since when: what a start has to read again. */
  students(): { readonly service: string; readonly since: number }[];
  /** Until what was learned before the start is read again, there is no proposal of a service. */
  reading(services: ReadonlySet<string>): void;
}

interface Student {
  readonly version: ContractVersion;
  readonly fresh: () => Learner;
  readonly learn: Learner;
  observed: number;
}

export function createLearning(): Learning {
  const students = new Map<string, Student>();
  let paused: ReadonlySet<string> = new Set();
  let unread: ReadonlySet<string> = new Set();
  return {
    follow(active, programs) {
      for (const [service, version] of active) {
        if (students.get(service)?.version.version === version.version) continue;
        const learns = layers.some((layer) => version.contract.mode[layer] === 'learn');
        if (!learns) students.delete(service);
        else {
          const fresh = () => learner(service, { current: version.contract, programs: programs(service) });
          students.set(service, { version, fresh, learn: fresh(), observed: 0 });
        }
      }
    },
    fold(observation) {
      const student = taughtBy(observation);
      if (student?.learn.add(observation) === true) student.observed += 1;
    },
    passOver(observation, why) {
      taughtBy(observation)?.learn.passOver(subjectOf(observation), why);
    },
    suspect(service, since) {
      students.get(service)?.learn.forgetSince(since);
    },
    suspended(services) {
      paused = services;
    },
    proposal(service) {
      if (unread.has(service)) {
        throw new ServerError('unavailable', `what was learned of \`${service}\` is still being read`, {
          hint: 'try again in a few seconds',
        });
      }
      const student = students.get(service);
      if (student === undefined || student.observed === 0) return undefined;
      const learned = student.learn.proposal();
      const active = student.version.contract;
      const own = new Set(
        clausesOf(learned.contract).flatMap(({ layer, clause }) => (active.mode[layer] === 'learn' ? [clause.id] : [])),
      );
      return {
        contract: keepOthers(active, learned.contract),
        evidence: new Map([...learned.evidence].filter(([id]) => own.has(id))),
        observed: learned.observed,
        readiness: learned.readiness.filter(({ layer }) => active.mode[layer] === 'learn'),
        overflow: learned.overflow,
      };
    },
    passedOver: (service) => (unread.has(service) ? [] : (students.get(service)?.learn.proposal().skipped ?? [])),
    count: (service) => students.get(service)?.observed ?? 0,
    restart() {
      for (const [service, { version, fresh }] of students)
        students.set(service, { version, fresh, learn: fresh(), observed: 0 });
    },
    students: () => [...students].map(([service, { version }]) => ({ service, since: version.decidedAt ?? 0 })),
    reading(services) {
      unread = services;
    },
  };

  function taughtBy(observation: Observation): Student | undefined {
    if (observation.service === null || paused.has(observation.service)) return undefined;
    const student = students.get(observation.service);
    if (student === undefined) return undefined;
    // A request teaches both its own layer and, by its socket, the network: it counts as API.
    if (student.version.contract.mode[observation.layer] !== 'learn') return undefined;
    // What was seen before the version was in force taught the version before it; before the first, there is none.
    const late = student.version.version > 0 && observation.at < (student.version.decidedAt ?? 0);
    return late ? undefined : student;
  }
}

function subjectOf({ event }: Observation): string {
  switch (event.kind) {
    case 'exec':
    case 'open':
      return event.path;
    case 'connect':
      return `${event.address}:${event.port}`;
    case 'request':
      return `${event.method} ${event.path}`;
    default:
      return event.kind;
  }
}

/** Layers that were not learning stay as they are in force, mode and clauses alike. */
function keepOthers(active: Contract, learned: Contract): Contract {
  const { runtime, network, api, ...rest } = learned;
  const sections = {
    runtime: active.mode.runtime === 'learn' ? runtime : active.runtime,
    network: active.mode.network === 'learn' ? network : active.network,
    api: active.mode.api === 'learn' ? api : active.api,
  };
  return {
    ...rest,
    mode: {
      runtime: active.mode.runtime === 'learn' ? learned.mode.runtime : active.mode.runtime,
      network: active.mode.network === 'learn' ? learned.mode.network : active.mode.network,
      api: active.mode.api === 'learn' ? learned.mode.api : active.mode.api,
    },
    ...(sections.runtime === undefined ? {} : { runtime: sections.runtime }),
    ...(sections.network === undefined ? {} : { network: sections.network }),
    ...(sections.api === undefined ? {} : { api: sections.api }),
  };
}
