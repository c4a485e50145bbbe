/** One decision as the data plane keeps it until the agent has it: a mutable slot of a ring, filled without allocation. */
import type { Claims, Proved } from '../contract/index.js';
import type { Decision } from '../model/index.js';

/** What a decision rested on beside who called what. */
export interface DecisionFacts {
  readonly attributes?: Proved | undefined;
  readonly claims?: Claims | undefined;
  readonly host?: string | undefined;
}

export interface RecordSlot {
  seq: number;
  kind: 'request' | 'flow';
  /** Milliseconds since the epoch. */
  at: number;
  direction: 'in' | 'out';
  decision: Decision;
  /** Empty unless the caller was given one. */
  decisionId: string;
  /** Service on the other side; empty when unknown. */
  peer: string;
  /** SPIFFE ID on the other side, proved; empty otherwise. */
  caller: string;
  method: string;
  path: string;
  /** 0: none was sent. */
  status: number;
  /** -1: still open. */
  durationMs: number;
  trace: string;
  span: string;
  /** The connection as the workload sees it; port 0: not known. */
  localAddress: string;
  localPort: number;
  peerAddress: string;
  peerPort: number;
  /** Undefined: nothing of it is kept. */
  facts: DecisionFacts | undefined;
  /** Flows: where the connection goes to, as dialled. */
  address: string;
  port: number;
  mtls: boolean;
  bytesIn: number;
  bytesOut: number;
}

/** Who the records are about: the fields every observation of this process shares. */
export interface RecordSubject {
  readonly host: string;
  readonly service: string;
  readonly workload: string | null;
  readonly identity: string | null;
  readonly source: 'sidecar' | 'gateway';
  /** Random per process, so that ids are unique for ever. */
  readonly boot: string;
}

/**
 * The slot as the JSON text of an `Observation` (checked against the schema in the tests). Written by hand since this runs
 * once per request; every text that comes from outside goes through `JSON.stringify` unless it cannot need it. What does
 * not change from one record to the next is written once.
 */
export function observationJson(slot: RecordSlot, subject: RecordSubject): string {
  const { id, about } = fixedParts(subject);
  const { decision } = slot;
  const verdict = verdictParts(decision);
  const api = slot.kind === 'request';
  return (
    `${id}${slot.seq}","at":${instant(slot.at)}${api ? about.api : about.network}${joinKeys(slot)}},"event":{"kind":` +
    (api ? '"request","direction":"' : '"flow","direction":"') +
    (api
      ? `${slot.direction}","method":${text(slot.method.slice(0, 32))},"path":${text(slot.path.slice(0, 4_096))}` +
        verdict.template +
        (slot.status === 0 ? '' : `,"status":${slot.status}`)
      : `${slot.direction}","address":${text(slot.address.slice(0, 108))},"port":${slot.port},"mtls":${slot.mtls}` +
        (slot.durationMs < 0 ? '' : `,"bytesIn":${slot.bytesIn},"bytesOut":${slot.bytesOut}`)) +
    (slot.peer === '' ? '' : `,"peer":${known(slot.peer)}`) +
    (slot.durationMs < 0 ? '' : `,"durationMs":${micros(slot.durationMs)}`) +
    verdict.said +
    (slot.facts === undefined ? '' : factsText(slot.facts)) +
    (slot.decisionId === '' ? '}}}' : `,"decisionId":"${slot.decisionId}"}}}`)
  );
}

interface FixedParts {
  readonly id: string;
  readonly about: { readonly api: string; readonly network: string };
}
const bySubject = new WeakMap<RecordSubject, FixedParts>();

function fixedParts(subject: RecordSubject): FixedParts {
  let parts = bySubject.get(subject);
  if (parts === undefined) {
    const id = text(`${subject.host}:${subject.boot}:`).slice(0, -1);
    const about = (layer: 'api' | 'network') =>
      `,"host":${text(subject.host)},"layer":"${layer}","service":${text(subject.service)},` +
      `"workload":${orNull(subject.workload)},"identity":${orNull(subject.identity)},"source":"${subject.source}","join":{`;
    parts = { id: `{"id":${id}`, about: { api: about('api'), network: about('network') } };
    bySubject.set(subject, parts);
  }
  return parts;
}

interface VerdictParts {
  readonly template: string;
  /** Up to where a decision id may follow. */
  readonly said: string;
}
const byDecision = new WeakMap<Decision, VerdictParts>();

/** Allowing decisions are made once per clause, and frozen. */
function verdictParts(decision: Decision): VerdictParts {
  const written = byDecision.get(decision);
  if (written !== undefined) return written;
  const parts = {
    template: decision.template === undefined ? '' : `,"template":${text(decision.template)}`,
    said:
      `,"verdict":{"effect":"${decision.effect}","contract":${orNull(decision.contract)},"version":${decision.version},` +
      `"clause":${orNull(decision.clause)},"reason":"${decision.reason}"` +
      (decision.digest === null ? '' : `,"digest":${text(decision.digest)}`) +
      (decision.mode === null ? '' : `,"mode":"${decision.mode}"`) +
      (decision.nearest === undefined ? '' : `,"nearest":${text(nearestText(decision.nearest))}`) +
      (decision.shadow === undefined ? '' : shadowText(decision.shadow)),
  };
  if (Object.isFrozen(decision)) byDecision.set(decision, parts);
  return parts;
}

function shadowText({ version, effect, clause, reason }: NonNullable<Decision['shadow']>): string {
  return `,"shadow":{"version":${version},"effect":"${effect}","clause":${orNull(clause)},"reason":"${reason}"}`;
}

function factsText({ attributes, claims, host }: DecisionFacts): string {
  return (
    (attributes === undefined ? '' : `,"attributes":${ascii(JSON.stringify(attributes))}`) +
    (claims === undefined ? '' : `,"claims":${ascii(JSON.stringify(claims))}`) +
    (host === undefined ? '' : `,"host":${text(host.slice(0, 253))}`)
  );
}

function joinKeys(slot: RecordSlot): string {
  let keys = '';
  if (slot.localPort !== 0 && slot.peerPort !== 0) {
    keys =
      `"socket":{"local":{"address":${known(slot.localAddress)},"port":${slot.localPort}},` +
      `"peer":{"address":${known(slot.peerAddress)},"port":${slot.peerPort}}}`;
  }
  if (slot.trace !== '') keys += `${keys === '' ? '' : ','}"trace":"${slot.trace}"`;
  if (slot.span !== '') keys += `${keys === '' ? '' : ','}"span":"${slot.span}"`;
  if (slot.caller !== '') keys += `${keys === '' ? '' : ','}"caller":${known(slot.caller)}`;
  return keys;
}

function nearestText(nearest: NonNullable<Decision['nearest']>): string {
  const failed = nearest.failed.map((miss) => `${miss.predicate}: wanted ${miss.wanted}, got ${miss.got}`);
  return `${nearest.clause}: ${failed.join('; ')}`.slice(0, 512);
}

/** Characters that JSON needs escaped, or that are not ASCII: everything else may stand between quotes as it is. */
const needsEscape = /[^\x20-\x21\x23-\x5b\x5d-\x7e]/;

/** JSON string of ASCII characters alone, so that the whole line can be written without an encoder. */
function text(value: string): string {
  if (!needsEscape.test(value)) return `"${value}"`;
  return ascii(JSON.stringify(value));
}

function ascii(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

// A number with many digits takes the engine as long to write as everything around it; three of them come from a table.
const threeDigits = Array.from({ length: 1_000 }, (_, number) => String(number).padStart(3, '0'));
let second = 0;
let secondText = '0';

/** Milliseconds since the epoch, to the microsecond. */
function instant(at: number): string {
  const seconds = Math.floor(at / 1_000);
  if (seconds <= 0) return String(at);
  if (seconds !== second) {
    second = seconds;
    secondText = String(seconds);
  }
  const left = Math.floor((at - seconds * 1_000) * 1_000);
  const whole = Math.floor(left / 1_000);
  return `${secondText}${threeDigits[whole]}.${threeDigits[left - whole * 1_000]}`;
}

/** A time span of 0 or more milliseconds, to the microsecond. */
function micros(span: number): string {
  const left = Math.floor(span * 1_000);
  const whole = Math.floor(left / 1_000);
  return `${whole}.${threeDigits[left - whole * 1_000]}`;
}

/** Texts that come again and again: names of services, identities, addresses. */
const remembered = new Map<string, string>();
const mostRemembered = 2_000;

function known(value: string): string {
  let written = remembered.get(value);
  if (written === undefined) {
    written = text(value);
    if (remembered.size >= mostRemembered) remembered.clear();
    remembered.set(value, written);
  }
  return written;
}

function orNull(value: string | null): string {
  return value === null ? 'null' : text(value);
}
