/** From raw events to observations: attributed, timed, bounded, numbered. What does not fit is counted and said. */
import { posix } from 'node:path';
import { type Clock, printable, systemClock } from '../base/index.js';
import { type Event, type JoinKeys, Observation } from '../model/index.js';
import type { Attribution, Registry } from './attribution.js';
import { BootTime } from './boot-time.js';
import type { RawEvent, RawNote, RawProcess } from './raw-event.js';
import { syscallName } from './syscall-names.js';

export interface PipelineOptions {
  readonly host: string;
  /** Names this start of the agent; with the host and a number it makes ids that are unique for ever. */
  readonly boot: string;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly sink: (observation: Observation) => void;
  /** Events per second of one workload that are passed on; more are counted as lost. Default 50,000. */
  readonly rate?: number;
  /** The clock the host's own tools stamp with; differs from `clock` only in tests of skew. */
  readonly hostClock?: Clock;
}

const waitingLimit = 10_000;
const waitingMs = 10_000;

export class Pipeline {
  private readonly options: PipelineOptions;
  private readonly boot: BootTime;
  private number = 0;
  private lostTotal = 0;
  private lostUnsaid = 0;
  private lostWhy = new Set<string>();
  /** Events of cgroups that nobody registered yet. */
  private waiting: { readonly event: RawEvent; readonly until: number }[] = [];
  private readonly buckets = new Map<string, { tokens: number; at: number }>();
  private readonly stopListening: () => void;

  constructor(options: PipelineOptions) {
    this.options = options;
    this.boot = new BootTime(options.clock);
    this.stopListening = options.registry.onChange(() => this.retryWaiting());
  }

  /** Events that were not passed on since the start, whoever dropped them. */
  get lost(): number {
    return this.lostTotal;
  }

  event(event: RawEvent): void {
    if ('bootMs' in event.at) this.boot.heard(event.at.bootMs);
    this.take(event, true);
  }

  note(note: RawNote): void {
    this.options.registry.note(note);
    if (note.kind === 'tick') this.boot.heard(note.bootMs);
    if (note.kind === 'lost') this.losing(note.count, 'the kernel buffer overflowed');
    if (note.kind === 'unreadable') this.losing(1, 'a line of the tracer could not be read');
    if (note.kind === 'cgroup') this.retryWaiting();
  }

  /** Call about once a second: speaks of losses, gives up on events nobody claimed. */
  beat(): void {
    const now = this.options.clock.monotonic();
    const due = this.waiting.filter(({ until }) => until <= now);
    if (due.length > 0) {
      this.waiting = this.waiting.filter(({ until }) => until > now);
      for (const { event } of due) this.take(event, false);
    }
    if (this.lostUnsaid > 0) {
      const lost = this.lostUnsaid;
      const why = [...this.lostWhy].join('; ');
      this.lostUnsaid = 0;
      this.lostWhy.clear();
      this.about('sensor', { kind: 'sensor', state: 'lost', lost, detail: `${lost} events were lost: ${why}` });
    }
  }

  /** Says something about the sensor itself. */
  about(source: string, event: Event, at = this.options.clock.now()): void {
    this.emit({ at, service: null, workload: null, identity: null, source, join: {}, event });
  }

  close(): void {
    this.stopListening();
    for (const { event } of this.waiting.splice(0)) this.take(event, false);
    this.beat();
  }

  private take(event: RawEvent, mayWait: boolean): void {
    const answer = this.options.registry.attribute(event);
    switch (answer.kind) {
      case 'setup':
      case 'foreign':
        return;
      case 'unknown':
        if (mayWait) this.wait(event);
        else this.unattributed(event);
        return;
      case 'ours':
        if (!this.within(answer.attribution.target.workload)) {
          this.losing(1, 'a workload made more events than are passed on');
          return;
        }
        this.observe(event, answer.attribution);
        for (const early of answer.early ?? []) this.take(early, false);
        return;
      default:
        answer satisfies never;
    }
  }

  private wait(event: RawEvent): void {
    if (this.waiting.length >= waitingLimit) {
      this.losing(1, 'too many events of unregistered workloads');
      return;
    }
    this.waiting.push({ event, until: this.options.clock.monotonic() + waitingMs });
  }

  private retryWaiting(): void {
    if (this.waiting.length === 0) return;
    const held = this.waiting;
    this.waiting = [];
    for (const { event, until } of held) {
      const answer = this.options.registry.attribute(event);
      if (answer.kind === 'unknown') this.waiting.push({ event, until });
      else if (answer.kind === 'ours') {
        this.observe(event, answer.attribution);
        for (const early of answer.early ?? []) this.take(early, false);
      }
    }
  }

  private unattributed(event: RawEvent): void {
    const made = toEvent(event);
    if (made === undefined) return;
    this.emit({
      at: this.time(event),
      service: null,
      workload: null,
      identity: null,
      source: event.source,
      join: joinKeys(event, undefined),
      event: made,
    });
  }

  private observe(event: RawEvent, attribution: Attribution): void {
    const made = toEvent(event);
    if (made === undefined) return;
    const { workload, service, identity, layered, container } = attribution.target;
    // A host may itself live on layers (in a container, from a live medium): there everything installed is in the upper one.
    if (made.kind === 'exec' && made.drift === 'layer' && layered !== true && container === undefined)
      delete made.drift;
    this.emit({
      at: this.time(event),
      service,
      workload,
      identity,
      source: event.source,
      join: joinKeys(event, attribution),
      event: made,
      ...(event.key === undefined ? {} : { id: `${this.options.host}:${event.key}` }),
    });
  }

  private emit(part: Omit<Observation, 'id' | 'host' | 'layer'> & { readonly id?: string }): void {
    this.number += 1;
    const { host, boot } = this.options;
    const parsed = Observation.safeParse({ id: `${host}:${boot}:${this.number}`, host, layer: 'runtime', ...part });
    if (!parsed.success) {
      this.losing(
        1,
        `an event did not fit the schema (${printable(parsed.error.issues[0]?.path.join('.') ?? '', 60)})`,
      );
      return;
    }
    this.options.sink(parsed.data);
  }

  private time(event: RawEvent): number {
    if ('bootMs' in event.at) return this.boot.wall(event.at.bootMs);
    const host = this.options.hostClock ?? systemClock;
    return event.at.wallMs + (this.options.clock.now() - host.now());
  }

  private losing(count: number, why: string): void {
    this.lostTotal += count;
    this.lostUnsaid += count;
    if (this.lostWhy.size < 8) this.lostWhy.add(why);
  }

  private within(workload: string): boolean {
    const rate = this.options.rate ?? 50_000;
    const now = this.options.clock.monotonic();
    let bucket = this.buckets.get(workload);
    if (bucket === undefined) {
      if (this.buckets.size >= 4_096) this.buckets.clear();
      bucket = { tokens: rate * 2, at: now };
      this.buckets.set(workload, bucket);
    }
    bucket.tokens = Math.min(rate * 2, bucket.tokens + ((now - bucket.at) / 1_000) * rate);
    bucket.at = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}

function joinKeys(event: RawEvent, attribution: Attribution | undefined): JoinKeys {
  const { process, act } = event;
  const start = process.start ?? attribution?.start;
  const ppid = process.ppid ?? attribution?.ppid;
  const target = attribution?.target;
  const cgroup = target?.cgroup?.path ?? process.cgroup;
  const local = act.kind === 'connect' || act.kind === 'accept' ? act.local : undefined;
  const tcp = act.kind === 'accept' || (act.kind === 'connect' && act.protocol === 'tcp');
  return {
    pid: process.pid,
    ...(start === undefined ? {} : { start }),
    ...(ppid === undefined ? {} : { ppid }),
    ...(attribution === undefined || attribution.lineage.length === 0 ? {} : { lineage: [...attribution.lineage] }),
    ...(cgroup === undefined ? {} : { cgroup: cgroup.slice(0, 512) }),
    ...(target?.container === undefined ? {} : { container: target.container }),
    ...(local !== undefined && tcp && (act.kind === 'connect' || act.kind === 'accept')
      ? { socket: { local: endpoint(local), peer: endpoint(act.peer) } }
      : {}),
  };
}

/** Undefined for what only feeds the process table. */
function toEvent({ act, process }: RawEvent): Event | undefined {
  switch (act.kind) {
    case 'fork':
      return undefined;
    case 'exec': {
      const args = act.args.slice(0, 256).map((arg) => bounded(arg, 4_096));
      const cut = act.truncated || act.args.length > 256 || act.args.some((arg) => arg.length > 4_096);
      return {
        kind: 'exec',
        path: absolute(act.path, process),
        args,
        ...(cut ? { truncated: true } : {}),
        ...(act.uid === undefined ? {} : { uid: act.uid }),
        ...(act.parent === undefined ? {} : { parent: bounded(act.parent, 64) }),
        ...(act.drift === undefined ? {} : { drift: act.drift }),
        ...(act.refused === true ? { refused: true } : {}),
      };
    }
    case 'exit':
      return { kind: 'exit', ...(act.status === undefined ? {} : { status: act.status }) };
    case 'open':
      return {
        kind: 'open',
        path: absolute(act.path, process),
        write: act.write,
        ...programOf(act.program),
        ...(act.failed ? { failed: true } : {}),
        ...(act.refused === true ? { refused: true } : {}),
      };
    case 'connect':
      return {
        kind: 'connect',
        protocol: act.protocol,
        ...endpoint(act.peer),
        ...programOf(act.program),
        ...(act.failed ? { failed: true } : {}),
      };
    case 'accept':
      return { kind: 'accept', ...endpoint(act.peer) };
    case 'stdio-socket':
      return { kind: 'stdio-socket', descriptor: act.descriptor, ...programOf(act.program) };
    case 'denied-syscall': {
      const name = act.name ?? syscallName(act.number);
      return { kind: 'denied-syscall', number: act.number, ...(name === undefined ? {} : { name }) };
    }
    case 'blind-spot':
      return { kind: 'sensor', state: 'degraded', detail: bounded(act.detail, 4_096) };
    default:
      return act satisfies never;
  }
}

/** Joined to the directory and freed of `.` and `..`; where the directory is not known it stays as the workload wrote it. */
function absolute(path: string, process: RawProcess): string {
  if (path.startsWith('/')) return bounded(posix.normalize(path), 4_096);
  if (process.cwd === undefined || path === '') return bounded(path, 4_096);
  return bounded(posix.resolve(process.cwd, path), 4_096);
}

function endpoint(given: { readonly address: string; readonly port: number }): { address: string; port: number } {
  // A v4 client of a v6 socket: the same connection under both names must join (RFC 4291 2.5.5.2).
  const address =
    given.address.startsWith('::ffff:') && given.address.includes('.') ? given.address.slice(7) : given.address;
  return { address: bounded(address, 108), port: given.port };
}

function programOf(program: string | undefined): { program?: string } {
  return program === undefined || program === '' ? {} : { program: bounded(program, 64) };
}

function bounded(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}
