/** The shape of every detection rule. One file each, listed in `index.ts`. */
import type { CompiledContract } from '../../contract/index.js';
import type { Event, EventKind, Layer, Observation, Severity, Tactic, Workload } from '../../model/index.js';
import type { Recent } from '../recent.js';

export interface RuleContext {
  /** The active approved contract of the observation's service. */
  readonly contract: CompiledContract | undefined;
  readonly workload: Workload | undefined;
  /** Part of the operator's own start-up of the workload: his command, his launcher's shell. */
  readonly launch: boolean;
  /** The program file of the parent process, when it was seen. */
  readonly parentPath: string | undefined;
  /** What a rule remembers between observations; bounded, keyed by the rule's own keys. */
  readonly memory: Recent<string, Memory>;
}

export interface Memory {
  since: number;
  readonly seen: Set<string>;
  said: boolean;
}

/** Texts may hold what came from outside: whoever makes the signal escapes and bounds them. */
export interface Hit {
  readonly title: string;
  readonly detail: string;
  /** Where this hit weighs more or less than the rule says. */
  readonly severity?: Severity;
}

export type EventOf<K extends EventKind> = Extract<Event, { readonly kind: K }>;

export interface Rule {
  /** `RT-001`: runtime, `NW-`: network, `AP-`: API; never reused. */
  readonly id: string;
  readonly title: string;
  readonly layer: Layer;
  readonly severity: Severity;
  readonly tactic: Tactic;
  /** ATT&CK technique. */
  readonly technique: string;
  /** What it sees, why it matters, when it stays silent. */
  readonly description: string;
  readonly kinds: readonly EventKind[];
  match(observation: Observation, context: RuleContext): Hit | undefined;
  /** Events that must and must not hit, with no contract and nothing remembered; the tests run them in order. */
  readonly examples: { readonly hit: readonly (readonly Event[])[]; readonly miss: readonly Event[] };
}

/** How the workload is called in a title. */
export function who(observation: Observation): string {
  return observation.service ?? observation.workload ?? observation.host;
}

/** The approved contract lists this program: whatever it is, it is no surprise. */
export function isListedProgram(path: string, context: RuleContext): boolean {
  const decision = context.contract?.decideExec({ path, parentPath: context.parentPath });
  return decision?.effect === 'allow' && decision.reason === 'allowed';
}

/** The approved contract lists this very file by name; a pattern that happens to take it in does not count. */
export function isListedFile(path: string, access: 'read' | 'write', context: RuleContext): boolean {
  return (
    context.contract?.version.contract.runtime?.files?.some(
      (clause) => clause.access === access && clause.path === path,
    ) === true
  );
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
