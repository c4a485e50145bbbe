/** The correlator with its ties to the store: incident numbers, what was open before a start, what people decided. */
import { z } from 'zod';
import { type Correlator, correlator } from '../../detect/index.js';
import type { Incident, Observation, Signal } from '../../model/index.js';
import type { Repositories, Store } from '../../store/index.js';
import type { Clock } from '../../base/index.js';

/** A person's or an agent's word on an incident, told after its commit. */
export interface IncidentDecision {
  readonly id: string;
  readonly state: Incident['state'];
  readonly containedAt: number | null;
}

export interface Correlation {
  /** Call before `observe`: makes sure that there are numbers to give. */
  prepare(): Promise<void>;
  /** Every incident that is new or changed with this observation. */
  observe(observation: Observation, signals: readonly Signal[]): readonly Incident[];
  get(id: string): Incident | undefined;
  decided(decision: IncidentDecision): void;
  /** Services of incidents that are not triaged or closed. */
  suspects(): ReadonlySet<string>;
  /** Within the transaction that writes the incidents: the numbers they took are gone with it. */
  commit(tx: Pick<Repositories, 'settings'>): Promise<void>;
}

/** Numbers drawn and not yet given: kept, so that a restart leaves no holes. */
const numbersKey = 'incident-ids';
/** One observation opens one story, in the worst of cases a few. */
const reserve = 16;

export async function openCorrelation(context: { store: Store; clock: Clock }): Promise<Correlation> {
  const { store, clock } = context;
  const kept = z.array(z.string()).safeParse(await store.settings.get(numbersKey));
  const numbers = kept.success ? [...kept.data] : [];
  const incidents = new Map<string, Incident>();
  const engine: Correlator = correlator({ clock, allocate });
  for (const incident of await store.incidents.list({ state: ['open', 'contained'], limit: 1_000 })) {
    engine.restore(incident);
    incidents.set(incident.id, incident);
  }
  return {
    async prepare() {
      if (numbers.length >= reserve / 2) return;
      while (numbers.length < reserve) numbers.push(await store.incidents.nextId());
      await store.settings.put(numbersKey, numbers);
    },
    observe(observation, signals) {
      const changed = engine.add(observation, signals);
      for (const incident of changed) incidents.set(incident.id, incident);
      return changed;
    },
    get: (id) => incidents.get(id),
    decided({ id, state, containedAt }) {
      engine.setState(id, state, containedAt);
      const known = incidents.get(id);
      if (known === undefined) return;
      if (state === 'triaged' || state === 'closed') incidents.delete(id);
      else incidents.set(id, { ...known, state, containedAt });
    },
    suspects: () =>
      new Set(
        [...incidents.values()].flatMap(({ state, services }) =>
          state === 'open' || state === 'contained' ? services : [],
        ),
      ),
    commit: (tx) => tx.settings.put(numbersKey, numbers),
  };

  function allocate(): string {
    const next = numbers.shift();
    if (next === undefined) throw new Error('no incident number at hand');
    return next;
  }
}
