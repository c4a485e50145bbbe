/** What of a contract wants a line of diagnostics from every target of its layer: clauses, single values, lists that are empty. */
import type { Contract, Layer, Mode } from '../../model/index.js';
import { clausesOf, type Section } from '../clauses.js';
import { momentOf } from '../compile/moment.js';
import type { Diagnostic } from './target.js';

export interface Part {
  readonly clause: string | null;
  readonly section: string;
}

const sectionPath: Readonly<Record<Section, string>> = {
  executables: 'runtime.executables',
  files: 'runtime.files',
  mounts: 'runtime.mounts',
  ingress: 'network.ingress',
  egress: 'network.egress',
  serves: 'api.serves',
  calls: 'api.calls',
  publish: 'api.messages.publish',
  subscribe: 'api.messages.subscribe',
  deny: 'deny',
};

export function partsOf(contract: Contract, layer: Layer): readonly Part[] {
  const clauses = clausesOf(contract)
    .filter((placed) => placed.layer === layer)
    .map(({ section, clause }) => ({ clause: clause.id, section: sectionPath[section] }));
  return [...valuesOf(contract, layer).map((section) => ({ clause: null, section })), ...clauses];
}

function valuesOf({ runtime, network, api }: Contract, layer: Layer): readonly string[] {
  const paths: string[] = [];
  const add = (path: string, value: unknown, isList = false) => {
    if (value !== undefined && (!isList || (Array.isArray(value) && value.length === 0))) paths.push(path);
  };
  if (layer === 'runtime') {
    for (const name of ['user', 'rootfs', 'privilegeEscalation', 'capabilities', 'syscalls'] as const)
      add(`runtime.${name}`, runtime?.[name]);
    for (const name of ['executables', 'files', 'mounts'] as const) add(`runtime.${name}`, runtime?.[name], true);
    for (const name of ['cpu', 'memory', 'pids', 'io'] as const)
      add(`runtime.resources.${name}`, runtime?.resources?.[name]);
  } else if (layer === 'network') {
    add('network.ingress', network?.ingress, true);
    add('network.egress', network?.egress, true);
  } else {
    add('api.serves', api?.serves, true);
    add('api.calls', api?.calls, true);
    add('api.messages.publish', api?.messages?.publish, true);
    add('api.messages.subscribe', api?.messages?.subscribe, true);
  }
  return paths;
}

/** Lines as a target says them, one after the other. */
export interface Lines {
  readonly all: readonly Diagnostic[];
  exact(part: Part, reason: string): Diagnostic;
  looser(part: Part, reason: string, compensation: string): Diagnostic;
  impossible(part: Part, reason: string, compensation: string): Diagnostic;
}

export function linesOf(target: string): Lines {
  const all: Diagnostic[] = [];
  const say = (level: Diagnostic['level'], { clause, section }: Part, reason: string, compensation: string) => {
    const line = { clause, section, target, level, reason, compensation };
    all.push(line);
    return line;
  };
  return {
    all,
    exact: (part, reason) => say('exact', part, reason, ''),
    looser: (part, reason, compensation) => say('looser', part, reason, compensation),
    impossible: (part, reason, compensation) => say('impossible', part, reason, compensation),
  };
}

/** True where the layer is to refuse; else every part has got its line: but for system calls there is only refusing. */
export function refuses(lines: Lines, contract: Contract, layer: Layer, teller: string): boolean {
  const mode = contract.mode[layer];
  if (mode === 'enforce') return true;
  for (const part of partsOf(contract, layer)) unenforced(lines, part, mode, teller);
  return false;
}

function unenforced(lines: Lines, part: Part, mode: Mode, teller: string): void {
  if (mode === 'off') lines.exact(part, 'the layer is `off`: nothing is to be held, and nothing is');
  else if (part.section === 'runtime.syscalls')
    lines.exact(part, `the layer is in \`${mode}\`: what is not listed passes, and stands in the kernel's audit log`);
  else
    lines.impossible(
      part,
      `the layer is in \`${mode}\`, which tells and does not refuse; here it could only be refused, so it is left out`,
      teller,
    );
}

interface Termed {
  readonly until?: string | undefined;
  readonly mode?: string | undefined;
}

export type Standing = 'in force' | 'ended' | 'tells only';

/** An allow that ended is gone; a deny that only told until then is in force from then on. */
export function standing({ until, mode }: Termed, at: number, denies: boolean): Standing {
  const over = until !== undefined && at >= momentOf(until);
  if (denies) return mode !== undefined && !over ? 'tells only' : 'in force';
  if (over) return 'ended';
  return mode === undefined ? 'in force' : 'tells only';
}
