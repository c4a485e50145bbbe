/**
 * One event's way through the engines: queue -> rules and contract -> signals -> correlation -> incident -> console. One
 * batch at a time, in order; every step may be repeated, since a batch comes again when anything fails.
 */
import { messageOf } from '../../base/index.js';
import { type Detector, detector } from '../../detect/index.js';
import { type Incident, Observation, type Signal, type Workload } from '../../model/index.js';
import type { Repositories } from '../../store/index.js';
import { observationTopic } from '../agents/observations.js';
import type { Context } from '../context.js';
import { type ContractsInTime, contractsInTime } from './contracts-in-time.js';
import { type Correlation, openCorrelation } from './correlation.js';
import { relearn } from './relearn.js';

const group = 'judge';
/** Enough for the correlator's window and the traffic map's hour, bounded. */
const rebuildMs = 3_600_000;
const rebuildRows = 50_000;

/** Resolves when the engines know the recent past and the consumption has begun; the result when it has ended. */
export async function startJudging(context: Context, signal: AbortSignal): Promise<{ ended: Promise<void> }> {
  const { store } = context;
  await store.bus.register(group, observationTopic);
  const engines: Engines = {
    detector: detector(),
    correlation: await openCorrelation(context),
    contracts: contractsInTime(),
    workloads: new Map(),
    replayed: new Set(),
    dirty: new Set(),
  };
  await rebuild(context, engines);
  // What the past still owes the store (a batch that was cut off) is written with the first batch, or now.
  await judgeBatch(context, engines, []);
  context.learning.restart();
  void relearn(context, signal);
  const ended = consume(context, engines, signal);
  return { ended };
}

/** INVARIANT: as long as the control plane runs, it judges; whatever ends the consumption, it begins again. */
async function consume(context: Context, engines: Engines, signal: AbortSignal): Promise<void> {
  const { store, log } = context;
  const handle = (batch: readonly unknown[]) => judgeBatch(context, engines, batch);
  for (let pause = 200; !signal.aborted; pause = Math.min(pause * 2, 5_000)) {
    try {
      await store.bus.consume(group, observationTopic, handle, { signal });
    } catch (error) {
      log.error({ reason: messageOf(error) }, 'detection was interrupted and begins again');
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

interface Engines {
  readonly detector: Detector;
  readonly correlation: Correlation;
  readonly contracts: ContractsInTime;
  readonly workloads: Map<string, Workload>;
  /** Taken up again after a start: when the queue brings them too, they are not counted or learned twice. */
  readonly replayed: Set<string>;
  /** Changed in memory and not yet in the store: kept over a failed batch. */
  readonly dirty: Set<string>;
}

async function judgeBatch(context: Context, engines: Engines, batch: readonly unknown[]): Promise<void> {
  const { store, live, counters, log } = context;
  const rows = parse(context, batch);
  for (const { workload } of rows) if (workload !== null) await workloadOf(context, engines, workload);
  await refresh(context, engines);
  const signals: Signal[] = [];
  for (const row of rows) {
    await engines.correlation.prepare();
    try {
      signals.push(...judgeOne(context, engines, row));
    } catch (error) {
      // One row that an engine cannot digest must not hold up all others for ever; that it happened is said.
      counters.undigested += 1;
      log.error({ observation: row.id, reason: messageOf(error) }, 'an observation could not be judged');
    }
  }
  const changed = [...engines.dirty];
  if (signals.length > 0 || changed.length > 0) {
    await store.transaction(async (tx) => {
      await tx.signals.insert(signals);
      for (const id of changed) {
        const incident = engines.correlation.get(id);
        if (incident !== undefined) await save(tx, incident);
      }
      await engines.correlation.commit(tx);
      await tx.changes.append(changed.map((id) => ({ topic: 'incidents', subject: id, change: 'changed' })));
    });
    for (const id of changed) engines.dirty.delete(id);
  }
  counters.pending = Math.max(0, counters.pending - batch.length);
  if (changed.length > 0) live.wake();
}

function judgeOne(context: Context, engines: Engines, observation: Observation): readonly Signal[] {
  const { learning, traffic, counters } = context;
  const again = engines.replayed.delete(observation.id);
  if (!again) traffic.add(observation);
  if (!again && 'verdict' in observation.event)
    counters.decisions.add({ layer: observation.layer, effect: observation.event.verdict.effect });
  const workload = observation.workload === null ? undefined : engines.workloads.get(observation.workload);
  const { service, at } = observation;
  const contract = service === null ? undefined : engines.contracts.at(service, at);
  const signals = engines.detector.judge(observation, { contract, workload });
  for (const incident of engines.correlation.observe(observation, signals)) {
    engines.dirty.add(incident.id);
    for (const service of incident.services) learning.suspect(service, incident.firstAt);
  }
  if (again) return signals;
  const rule = signals.find(({ kind }) => kind === 'rule');
  if (signals.length === 0) learning.fold(observation);
  else if (rule !== undefined) learning.passOver(observation, `${rule.rule} spoke of it`);
  return signals;
}

function parse({ counters }: Context, batch: readonly unknown[]): Observation[] {
  return batch.flatMap((row) => {
    const parsed = Observation.safeParse(row);
    if (!parsed.success) counters.undigested += 1;
    return parsed.success ? [parsed.data] : [];
  });
}

/** What people decided about an incident (state, containment) stays; what was seen is the correlator's. */
async function save(tx: Pick<Repositories, 'incidents'>, seen: Incident): Promise<void> {
  const known = await tx.incidents.get(seen.id);
  if (known === undefined) return tx.incidents.save(seen);
  await tx.incidents.update(seen.id, (now) => ({
    ...seen,
    openedAt: now.openedAt,
    containedAt: now.containedAt,
    // Closed by the correlator: merged into another.
    state: seen.state === 'closed' ? 'closed' : now.state,
  }));
}

/** The contracts in force, what was decided meanwhile, and who is under suspicion, as of this batch. */
async function refresh({ store, learning, decisions }: Context, engines: Engines): Promise<void> {
  for (const decision of decisions.splice(0)) engines.correlation.decided(decision);
  const active = await store.contracts.allActive();
  engines.contracts.learn(active);
  learning.follow(new Map(active.map((version) => [version.service, version])), (service) =>
    [...engines.workloads.values()]
      .filter((workload) => workload.service === service)
      .flatMap(({ attestation }) => (attestation.kind === 'process' ? [attestation.executable] : [])),
  );
  learning.suspended(engines.correlation.suspects());
}

async function workloadOf({ store }: Context, engines: Engines, id: string): Promise<Workload | undefined> {
  const known = engines.workloads.get(id);
  if (known !== undefined) return known;
  const found = await store.workloads.get(id);
  if (found !== undefined) {
    if (engines.workloads.size > 20_000) engines.workloads.clear();
    engines.workloads.set(id, found);
  }
  return found;
}

/** Memory is rebuilt from the store: the same observations through the same engines give the same signals. */
async function rebuild(context: Context, engines: Engines): Promise<void> {
  const { store, clock, log } = context;
  engines.contracts.learn(await store.contracts.list({ limit: 10_000 }));
  for (const workload of await store.workloads.list({ limit: 10_000 })) engines.workloads.set(workload.id, workload);
  await refresh(context, engines);
  let window = rebuildMs;
  while (window > 60_000 && (await store.observations.count({ since: clock.now() - window })) > rebuildRows)
    window /= 2;
  const since = clock.now() - window;
  let rows = 0;
  for (let cursor: string | undefined; ; ) {
    const page = await store.observations.after(cursor, { since, limit: 5_000 });
    for (const observation of page.observations) {
      if (observation.workload !== null) await workloadOf(context, engines, observation.workload);
      await engines.correlation.prepare();
      judgeOne(context, engines, observation);
      engines.replayed.add(observation.id);
    }
    rows += page.observations.length;
    if (page.observations.length === 0) break;
    cursor = page.cursor;
  }
  if (rows > 0) log.info({ observations: rows, minutes: window / 60_000 }, 'recent past taken up');
}
