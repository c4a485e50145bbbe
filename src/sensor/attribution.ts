/**
 * Whose event is it? By the cgroup the kernel stamped it with; without one, by descent from the registered first process.
 * What a process says of itself (name, arguments, environment) is never asked.
 */
import type { ProcessFacts } from '../base/index.js';
import type { Targets } from './collectors/collector.js';
import { SensorError } from './errors.js';
import type { RawEvent, RawNote } from './raw-event.js';
import type { Target } from './target.js';

export interface Attribution {
  readonly target: Target;
  /** Ancestors inside the workload, nearest first. */
  readonly lineage: readonly number[];
  readonly start?: number;
  readonly ppid?: number;
}

export type Answer =
  | {
      readonly kind: 'ours';
      readonly attribution: Attribution;
      /** Of COMMAND as well, and heard before its first execution: the kernel's buffers are read one processor at a time. */
      readonly early?: readonly RawEvent[];
    }
  /** Our own launcher or the container runtime, before COMMAND runs. */
  | { readonly kind: 'setup' }
  /** Not registered (yet): may become ours when the registration arrives. */
  | { readonly kind: 'unknown' }
  /** A container or process that is not registered and will not be. */
  | { readonly kind: 'foreign' };

interface Known {
  readonly pid: number;
  start: number | undefined;
  ppid: number | undefined;
  readonly workload: string;
  lineage: readonly number[];
}

interface Entry {
  readonly target: Target;
  running: boolean;
  firstAt: number | undefined;
  /** The latest events of the set-up, until COMMAND runs. */
  readonly before: RawEvent[];
}

const processLimit = 65_536;
const cgroupLimit = 16_384;
const removedLimit = 1_024;
/** Set-up never takes longer: better noise than a workload that is never seen. */
const setupMs = 20_000;
/** So many of its last events are kept: what was read out of order is a matter of milliseconds. */
const setupKept = 1_024;

/** The registered workloads and what is known of their processes. */
export class Registry implements Targets {
  private readonly facts: (pid: number) => ProcessFacts | undefined;
  private readonly entries = new Map<string, Entry>();
  /** Ended workloads: their last events may still be on the way. Cgroup ids are never used twice while it matters. */
  private readonly removed = new Map<string, Entry>();
  private readonly byCgroup = new Map<string, string>();
  private readonly byContainer = new Map<string, string>();
  private readonly cgroups = new Map<string, { readonly parent: string; readonly name: string }>();
  private readonly processes = new Map<number, Known>();
  private readonly listeners = new Set<() => void>();

  /** @param facts reads `/proc`; only asked where the kernel's stamp is missing. */
  constructor(facts: (pid: number) => ProcessFacts | undefined) {
    this.facts = facts;
  }

  /** @throws SensorError `sensor-registration` when the cgroup or container belongs to another registered workload. */
  add(target: Target): void {
    const owners = [
      target.cgroup === undefined ? undefined : this.byCgroup.get(target.cgroup.id),
      target.container === undefined ? undefined : this.byContainer.get(target.container),
    ];
    if (owners.some((owner) => owner !== undefined && owner !== target.workload && this.entries.has(owner))) {
      throw new SensorError('sensor-registration', `the cgroup of \`${target.workload}\` belongs to another workload`, {
        hint: 'give every workload a cgroup of its own',
      });
    }
    const before = this.entries.get(target.workload);
    this.entries.set(target.workload, {
      target,
      running: target.command === undefined || before?.running === true,
      firstAt: before?.firstAt,
      before: before?.before ?? [],
    });
    if (target.cgroup !== undefined) this.byCgroup.set(target.cgroup.id, target.workload);
    if (target.container !== undefined) this.byContainer.set(target.container, target.workload);
    if (target.root !== undefined) {
      const known = this.processes.get(target.root.pid);
      if (known === undefined || known.start !== target.root.start || known.workload !== target.workload) {
        this.remember({ ...target.root, ppid: undefined, workload: target.workload, lineage: [] });
      }
    }
    for (const listener of this.listeners) listener();
  }

  remove(workload: string): void {
    const entry = this.entries.get(workload);
    if (entry === undefined) return;
    this.entries.delete(workload);
    trim(this.removed, removedLimit, (_, old) => {
      const { cgroup, container } = old.target;
      if (cgroup !== undefined && this.byCgroup.get(cgroup.id) === old.target.workload) this.byCgroup.delete(cgroup.id);
      if (container !== undefined && this.byContainer.get(container) === old.target.workload)
        this.byContainer.delete(container);
    }).set(workload, entry);
    for (const listener of this.listeners) listener();
  }

  all(): readonly Target[] {
    return [...this.entries.values()].map(({ target }) => target);
  }

  onChange(callback: () => void): () => void {
    this.listeners.add(callback);
    return () => this.listeners.delete(callback);
  }

  note(note: RawNote): void {
    if (note.kind === 'cgroup') trim(this.cgroups, cgroupLimit).set(note.id, { parent: note.parent, name: note.name });
  }

  /** Finds the workload and keeps the process table; call once per event, in order. */
  attribute(event: RawEvent): Answer {
    const found = this.find(event);
    if (typeof found === 'string') return { kind: found };
    const { process, act } = event;
    const known = this.follow(event, found.target.workload);
    let early: readonly RawEvent[] = [];
    if (!found.running) {
      if (!this.begins(event, found)) {
        if (found.before.push(event) > setupKept) found.before.shift();
        return { kind: 'setup' };
      }
      found.running = true;
      const began = timeOf(event);
      early = found.before.splice(0).filter((one) => timeOf(one) > began);
    }
    const attribution: Attribution = {
      target: found.target,
      lineage: known.lineage,
      ...(known.start === undefined ? {} : { start: known.start }),
      ...(known.ppid === undefined ? {} : { ppid: known.ppid }),
    };
    if (act.kind === 'exit' && this.processes.get(process.pid) === known) this.processes.delete(process.pid);
    return { kind: 'ours', attribution, ...(early.length === 0 ? {} : { early }) };
  }

  private find(event: RawEvent): Entry | 'unknown' | 'foreign' {
    const { cgroup, pid, start, ppid } = event.process;
    if (event.workload !== undefined) return this.entry(event.workload) ?? 'unknown';
    if (cgroup !== undefined) return this.findByCgroup(cgroup);
    const known = this.processes.get(pid);
    // The same pid with another start time is another process.
    if (known !== undefined && (start === undefined || known.start === undefined || known.start === start)) {
      return this.entry(known.workload) ?? 'unknown';
    }
    const parent = ppid === undefined ? undefined : this.processes.get(ppid);
    if (parent !== undefined) return this.entry(parent.workload) ?? 'unknown';
    return this.findByAncestors(pid, start) ?? 'foreign';
  }

  private findByCgroup(id: string): Entry | 'unknown' | 'foreign' {
    let at = id;
    let container = false;
    for (let depth = 0; depth < 4; depth += 1) {
      const direct = this.byCgroup.get(at);
      if (direct !== undefined) return this.entry(direct) ?? 'unknown';
      const named = this.cgroups.get(at);
      if (named === undefined) break;
      const hex = /^(?:docker-)?([0-9a-f]{64})(?:\.scope)?$/.exec(named.name)?.[1];
      if (hex !== undefined) {
        container = true;
        const workload = this.byContainer.get(hex);
        if (workload !== undefined) {
          this.byCgroup.set(at, workload);
          return this.entry(workload) ?? 'unknown';
        }
      }
      at = named.parent;
    }
    return container ? 'foreign' : 'unknown';
  }

  private findByAncestors(pid: number, start: number | undefined): Entry | undefined {
    let at = this.facts(pid);
    if (at === undefined || (start !== undefined && at.start !== start)) return undefined;
    for (let depth = 0; depth < 64 && at !== undefined && at.pid > 1; depth += 1) {
      const facts: ProcessFacts = at;
      for (const entry of this.entries.values()) {
        if (entry.target.root?.pid === facts.pid && entry.target.root.start === facts.start) return entry;
      }
      const known = this.processes.get(facts.pid);
      if (known !== undefined && known.start === facts.start) return this.entry(known.workload);
      at = this.facts(facts.ppid);
    }
    return undefined;
  }

  private entry(workload: string): Entry | undefined {
    return this.entries.get(workload) ?? this.removed.get(workload);
  }

  private follow(event: RawEvent, workload: string): Known {
    const { pid, start, ppid } = event.process;
    let known = this.processes.get(pid);
    const reused = known !== undefined && start !== undefined && known.start !== undefined && known.start !== start;
    if (known === undefined || reused || known.workload !== workload) {
      const parent = ppid === undefined ? undefined : this.processes.get(ppid);
      known = { pid, start, ppid, workload, lineage: descent(parent, workload) };
      this.remember(known);
    } else {
      known.start ??= start;
      known.ppid ??= ppid;
    }
    if (event.act.kind === 'fork') {
      this.remember({ pid: event.act.child, start: undefined, ppid: pid, workload, lineage: descent(known, workload) });
    }
    return known;
  }

  private remember(known: Known): void {
    this.processes.delete(known.pid);
    trim(this.processes, processLimit).set(known.pid, known);
  }

  private begins(event: RawEvent, entry: Entry): boolean {
    const at = timeOf(event);
    entry.firstAt ??= at;
    if (at - entry.firstAt > setupMs) return true;
    const { command, launcher } = entry.target;
    if (command === undefined) return true;
    if (event.act.kind !== 'exec' || event.act.refused === true || base(event.act.path) !== base(command)) return false;
    return launcher === undefined || event.act.args[1] !== launcher;
  }
}

function descent(parent: Known | undefined, workload: string): readonly number[] {
  return parent === undefined || parent.workload !== workload ? [] : [parent.pid, ...parent.lineage].slice(0, 64);
}

function timeOf({ at }: RawEvent): number {
  return 'bootMs' in at ? at.bootMs : at.wallMs;
}

function base(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function trim<K, V>(map: Map<K, V>, limit: number, dropped?: (key: K, value: V) => void): Map<K, V> {
  if (map.size >= limit) {
    for (const [key, value] of map) {
      map.delete(key);
      dropped?.(key, value);
      break;
    }
  }
  return map;
}
