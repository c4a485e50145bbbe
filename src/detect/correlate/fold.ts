/** Folds what one actor did over and over into one step of the story. Pure; nothing is lost, only told together. */
import { type Signal, tactics } from '../../model/index.js';

export interface FoldedStep {
  /** The first of them: names and dates the step. */
  readonly lead: Signal;
  /** All of them in order of time, the lead included. */
  readonly signals: readonly Signal[];
  readonly sentence: string;
  /** Distinct details, bounded. */
  readonly targets: readonly string[];
  /** From 1: a new one begins where the attack came again after a break. */
  readonly chapter: number;
}

const maxTargets = 20;
/** What the dynamic loader and the C library open for any program, before it does anything of its own. */
const loaderFile =
  /^(\/etc\/ld\.so\.[a-z]+|\/etc\/locale\.alias|\/usr\/lib\/locale\/.+|(\/usr)?\/lib(32|64|x32)?\/([^ ]+\/)?[^/ ]+(\.so(\.[0-9]+)*|\/gconv-modules(\.cache)?))$/;

interface Growing {
  readonly lead: Signal;
  readonly signals: Signal[];
  /** What the step is about; the loader's files of a started program do not count. */
  readonly own: Signal[];
  readonly chapter: number;
}

/**
 * Steps in order of time. Signals of one layer that follow each other, by the same rule, workload, tactic and outcome,
 * are one step; a started program's loader files belong to its start. No step reaches over a break.
 */
export function foldSignals(signals: readonly Signal[], breaks: readonly number[] = []): FoldedStep[] {
  const steps: Growing[] = [];
  const last = new Map<string, Growing>();
  const starts = new Map<string, Growing>();
  const ends = breaks.toSorted((a, b) => a - b);
  let chapter = 0;
  let passed = -1;
  for (const signal of signals.toSorted(inOrder)) {
    const before = ends.filter((at) => at < signal.at).length;
    if (before !== passed) {
      // A break before anything happened begins nothing.
      passed = before;
      chapter += 1;
      last.clear();
      starts.clear();
    }
    const start = loaderFileOf(signal) ? startedBy(signal) : undefined;
    if (start !== undefined) {
      start.signals.push(signal);
      continue;
    }
    const lane = `${signal.host} ${signal.workload ?? signal.service ?? ''} ${signal.layer}`;
    const previous = last.get(lane);
    const step =
      previous !== undefined && isAlike(previous.lead, signal)
        ? previous
        : { lead: signal, signals: [], own: [], chapter };
    if (step !== previous) steps.push(step);
    step.signals.push(signal);
    step.own.push(signal);
    last.set(lane, step);
    if (signal.layer === 'runtime' && signal.tactic === 'TA0002' && signal.join.pid !== undefined)
      starts.set(`${signal.host} ${signal.workload ?? ''} ${signal.join.pid}`, step);
  }
  return steps.map(told);

  function startedBy(signal: Signal): Growing | undefined {
    const { pid, ppid, lineage } = signal.join;
    for (const each of [pid, ppid, ...(lineage ?? [])]) {
      const start = each === undefined ? undefined : starts.get(`${signal.host} ${signal.workload ?? ''} ${each}`);
      if (start !== undefined) return start;
    }
    return undefined;
  }
}

/** Simultaneous signals stand in kill-chain order. */
export function inOrder(a: Signal, b: Signal): number {
  return a.at - b.at || tactics.indexOf(a.tactic) - tactics.indexOf(b.tactic) || (a.id < b.id ? -1 : 1);
}

function isAlike(a: Signal, b: Signal): boolean {
  return (
    a.rule === b.rule &&
    a.tactic === b.tactic &&
    a.outcome === b.outcome &&
    a.service === b.service &&
    a.kind === b.kind
  );
}

function loaderFileOf({ rule, layer, technique, detail }: Signal): boolean {
  const [path] = detail.split(', opened by ');
  return rule === 'contract' && layer === 'runtime' && technique === 'T1083' && loaderFile.test(path ?? '');
}

function told({ lead, signals, own, chapter }: Growing): FoldedStep {
  const targets = [...new Set(own.map(({ detail }) => detail).filter((detail) => detail !== ''))];
  const titles = new Set(own.map(({ title }) => title));
  const sentence =
    own.length === 1
      ? lead.title
      : titles.size === 1
        ? `${lead.title}, ${own.length} times`
        : `${lead.title}, and ${own.length - 1} more like it`;
  return { lead, signals, sentence, targets: targets.slice(0, maxTargets), chapter };
}
