import { type Action, type Incident, serviceOf, type Signal, type Workload } from '../model/index.js';
import { actionOf } from './actions/index.js';
import { RespondError } from './errors.js';

export interface PlanInput {
  readonly incident: Pick<Incident, 'id' | 'signals' | 'services'>;
  /** Workloads that run now, of all hosts. */
  readonly workloads: readonly Pick<Workload, 'id' | 'service' | 'host' | 'capture' | 'state'>[];
  /** `restart`: started again from the approved digest at the end; `kill`: stays ended; `hold`: stays paused. */
  readonly end: 'restart' | 'kill' | 'hold';
  readonly requestedBy: string;
  readonly now: number;
  readonly newId: () => string;
}

/**
 * The order that keeps evidence: pause (nothing is lost and nothing goes on), collect while it stands still, cut off,
 * revoke the identity, and only then end or restart. Steps a host cannot do are planned all the same and answered by it
 * with `unavailable`: what could not be done stands in the incident.
 */
export function planResponse(input: PlanInput): Action[] {
  const suspects = suspectedServices(input.incident);
  const affected = input.workloads.filter(({ service, state }) => suspects.includes(service) && state !== 'stopped');
  const plan: Action[] = [];
  const step = (
    kind: Action['kind'],
    service: string,
    workload: { id: string; host: string } | null,
    detail: string,
  ) => {
    plan.push({
      id: input.newId(),
      incident: input.incident.id,
      kind,
      service,
      workload: workload?.id ?? null,
      host: workload?.host ?? null,
      status: 'planned',
      undo: actionOf(kind).undo,
      requestedBy: input.requestedBy,
      requestedAt: input.now,
      finishedAt: null,
      detail,
    });
  };
  for (const one of affected) step('pause', one.service, one, 'stop every process where it stands');
  for (const one of affected) step('collect', one.service, one, 'processes, memory, files and events, signed');
  for (const one of affected) step('isolate', one.service, one, isolation(one.capture));
  for (const service of suspects) step('revoke', service, null, 'every data plane refuses its identity');
  if (input.end === 'hold') return plan;
  for (const one of affected) {
    const detail = input.end === 'restart' ? 'start again from the approved digest' : 'end every process';
    step(input.end, one.service, one, detail);
  }
  return plan;
}

/**
 * Whom to contain. A service whose own processes or connections were seen doing it; failing that, the authenticated
 * caller of refused requests; failing that, every service of the incident. A victim that refused a call is left alone.
 */
export function suspectedServices(incident: PlanInput['incident']): string[] {
  const own = incident.signals.filter(({ layer }) => layer !== 'api').flatMap(({ service }) => service ?? []);
  if (own.length > 0) return ordered(own);
  const callers = incident.signals.flatMap(callerOf);
  return callers.length > 0 ? ordered(callers) : [...incident.services];
}

function callerOf({ join }: Signal): string[] {
  const service = join.caller === undefined ? undefined : serviceOf(join.caller);
  return service === undefined || service === 'gateway' ? [] : [service];
}

/** The step that takes a finished one back. @throws RespondError `not-undoable` */
export function undoOf(action: Action, by: { requestedBy: string; now: number; newId: () => string }): Action {
  if (action.undo === null || action.status !== 'done') {
    const why =
      action.status === 'done' ? `\`${action.kind}\` cannot be taken back` : 'only what was done can be undone';
    throw new RespondError('not-undoable', why, { hint: 'see `tricordon incidents show` for what is in force' });
  }
  return {
    ...action,
    id: by.newId(),
    kind: action.undo,
    status: 'planned',
    undo: null,
    requestedBy: by.requestedBy,
    requestedAt: by.now,
    finishedAt: null,
    detail: `takes back ${action.id}`,
  };
}

function isolation(capture: Workload['capture']): string {
  return capture === 'loopback'
    ? 'the sidecars refuse it; no packet filter on this rung'
    : 'cut every connection in its network namespace';
}

/** Most named first; ties in order of appearance. */
function ordered(names: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([name]) => name);
}
