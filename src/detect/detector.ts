/** Judges observations one by one: rules first, then the contract. */
import type { CompiledContract } from '../contract/index.js';
import type { Observation, Signal, Workload } from '../model/index.js';
import { deviationOf } from './deviations.js';
import { makeSignal } from './make-signal.js';
import { Recent } from './recent.js';
import { detectionRules } from './rules/index.js';
import type { Memory, Rule, RuleContext } from './rules/rule.js';

export interface DetectionContext {
  /** The active approved contract of the observation's service; undefined when there is none. */
  readonly contract?: CompiledContract | undefined;
  readonly workload?: Workload | undefined;
}

export interface Detector {
  /**
   * The signals an observation gives: every rule that hits, and the deviation from the contract where no rule said it
   * already. Deterministic ids, so that judging the same observation again changes nothing downstream.
   */
  judge(observation: Observation, context: DetectionContext): readonly Signal[];
}

/** How long after its start the workload's first process may still be the operator's launch command. */
const launchMs = 10_000;

export function detector(rules: readonly Rule[] = detectionRules): Detector {
  const memories = new Map<string, Recent<string, Memory>>(rules.map((rule) => [rule.id, new Recent(10_000)]));
  const programs = new Recent<string, string>(50_000);
  const said = new Recent<string, readonly Signal[]>(10_000);
  return {
    judge(observation, { contract, workload }) {
      const known = said.get(observation.id);
      if (known !== undefined) return known;
      const { event, join, host } = observation;
      const parentPath = join.ppid === undefined ? undefined : programs.get(`${host} ${join.ppid}`);
      const signals: Signal[] = [];
      const launch = isLaunch(observation, workload);
      // What was not started did nothing that a rule could know; the refusal itself is said below.
      const stopped = event.kind === 'exec' && event.refused === true;
      for (const rule of stopped ? [] : rules) {
        const memory = memories.get(rule.id);
        if (memory === undefined || !rule.kinds.includes(event.kind)) continue;
        const context: RuleContext = { contract, workload, launch, parentPath, memory };
        const hit = rule.match(observation, context);
        if (hit === undefined) continue;
        const { title, detail, severity } = hit;
        const { id, tactic, technique } = rule;
        signals.push(
          makeSignal(observation, {
            rule: id,
            kind: 'rule',
            severity: severity ?? rule.severity,
            tactic,
            technique,
            title,
            detail,
          }),
        );
      }
      // A rule that hit has said it better; what we refused is always said as the refusal it was.
      const deviation = launch ? undefined : deviationOf(observation, contract, parentPath);
      if (deviation !== undefined && (signals.length === 0 || deviation.kind === 'denial')) signals.push(deviation);
      if (event.kind === 'exec' && !stopped && join.pid !== undefined) programs.set(`${host} ${join.pid}`, event.path);
      if (signals.length > 0) said.set(observation.id, signals);
      return signals;
    },
  };
}

/** The launched process itself, in its first seconds or as the very program that was attested. */
function isLaunch({ event, join, at }: Observation, workload: Workload | undefined): boolean {
  if (
    event.kind !== 'exec' ||
    event.refused === true ||
    workload === undefined ||
    join.pid !== workload.attestation.pid
  )
    return false;
  const { attestation } = workload;
  if (attestation.kind === 'process' && (event.path === attestation.executable || event.path === attestation.entry)) {
    return true;
  }
  return Math.abs(at - workload.startedAt) <= launchMs;
}
