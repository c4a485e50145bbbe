/** What of structured data may leave: a list of what is allowed, so that a new field stays here until somebody thought of it. */
import { redactText } from '../redaction.js';

/** `true`: a number, truth value or text, the last of them redacted; a list stands for each of its entries. */
export type Allowed = true | { readonly [key: string]: Allowed };

export function allowed(value: unknown, shape: Allowed): unknown {
  if (Array.isArray(value)) return value.map((entry) => allowed(entry, shape));
  if (shape === true) {
    if (typeof value === 'string') return redactText(value);
    return typeof value === 'number' || typeof value === 'boolean' ? value : null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const kept: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    const within = Object.hasOwn(shape, key) ? shape[key] : undefined;
    if (within !== undefined) kept[key] = allowed(inner, within);
  }
  return kept;
}

const gap = { what: true, fix: true } as const;
const opening = { services: true, layers: true, host: true, openedAt: true, until: true } as const;
const layer = { level: true, by: true, gaps: gap } as const;

export const statusShape = {
  processes: { name: true, pid: true, running: true },
  disk: { freeBytes: true, full: true, level: true },
  agent: {
    host: true,
    controlReachable: true,
    rung: true,
    workloads: { id: true, service: true, state: true, ready: true },
    planes: { service: true, pid: true, revision: true },
    versionApart: true,
    glass: opening,
    sight: { by: true, since: true },
    spool: { pending: true, lost: true, full: true },
  },
  control: {
    version: true,
    startedAt: true,
    now: true,
    database: { ok: true, detail: true },
    audit: { length: true },
    pending: true,
    revision: true,
    incidents: { open: true, contained: true },
    cspViolations: true,
    unsentMail: true,
    unreadKeys: { issuer: true, reason: true },
    // Not why and by whom: people wrote and are that.
    glass: opening,
    stores: {
      store: true,
      bytes: true,
      quota: true,
      oldest: true,
      state: true,
      dropped: { reason: true, rows: true, bytes: true, since: true, until: true },
    },
    disk: { level: true, freeBytes: true, totalBytes: true },
    hosts: {
      host: true,
      state: true,
      version: true,
      lost: true,
      workloads: true,
      coverage: { runtime: layer, network: layer, api: layer },
    },
    services: {
      service: true,
      running: true,
      state: true,
      contract: { version: true, mode: { runtime: true, network: true, api: true } },
    },
    sockets: { service: true, owner: true, mtls: true, bypassable: true, reason: true },
  },
} as const satisfies Allowed;

/** Not `command` and `environment`: arguments and variables of services are theirs, and may hold anything. */
const service = { name: true, port: true, image: true, publish: true, calls: true } as const;
export const settingShape = { key: true, value: true, source: true } as const satisfies Allowed;
export const serviceShape: Allowed = service;

export const checkShape = { name: true, category: true, status: true, detail: true } as const satisfies Allowed;

/** Fields of our log lines. Who it was (`account`, `by`, `actor`) is not among them. */
export const logShape = {
  level: true,
  time: true,
  name: true,
  pid: true,
  msg: true,
  reason: true,
  error: true,
  err: { type: true, message: true, stack: true, code: true },
  hint: true,
  code: true,
  message: true,
  detail: true,
  problem: true,
  host: true,
  service: true,
  path: true,
  status: true,
  pending: true,
  lost: true,
  refused: true,
  segment: true,
  sequence: true,
  observations: true,
} as const satisfies Allowed;
