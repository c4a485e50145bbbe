/** One question to a set of contracts, as a row of a file or the words of a command say it. */
import { z } from 'zod';
import { canonicalPath, parseSpiffeId, ServiceName, serviceId, serviceOf, type Value } from '../../model/index.js';
import { momentOf } from '../compile/moment.js';
import type { Protocol } from '../compile/ports.js';
import type { Claims } from '../compile/user.js';
import type { Proved } from '../compile/selector.js';

const JsonValue: z.ZodType<Value> = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(JsonValue), z.record(z.string(), JsonValue)]),
);

export const Row = z.strictObject({
  service: ServiceName,
  as: z.string().max(2_048).nullish(),
  attributes: z.record(z.string(), JsonValue).nullish(),
  claims: z.record(z.string(), JsonValue).nullish(),
  at: z.union([z.string().max(64), z.number()]).nullish(),
  method: z.string().max(64).optional(),
  path: z.string().max(8_192).optional(),
  connect: z.string().max(512).optional(),
  exec: z.string().max(4_096).optional(),
  open: z.string().max(4_200).optional(),
  publish: z.string().max(512).optional(),
});

export type Act =
  | { readonly kind: 'request'; readonly method: string; readonly path: string }
  | { readonly kind: 'connect'; readonly host: string; readonly port: number; readonly protocol: Protocol }
  | { readonly kind: 'exec'; readonly path: string }
  | { readonly kind: 'open'; readonly path: string; readonly access: 'read' | 'write' }
  | { readonly kind: 'publish'; readonly topic: string };

export interface Question {
  readonly service: string;
  /** SPIFFE ID; null: none was proved. */
  readonly caller: string | null;
  readonly callerService: string | null;
  readonly attributes: Proved;
  readonly claims: Claims | null;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly act: Act;
}

/** A reason, in one clause, why it is none. */
export interface NoQuestion {
  readonly problem: string;
}

/** Where names of services stand alone, their identities are in here. */
const anyTrustDomain = 'local';
const deepest = 32;

/** @param now for rows that do not say when, ms since 1970 */
export function questionOf(row: unknown, now: number): Question | NoQuestion {
  if (depthOf(row) > deepest) return { problem: `is nested deeper than ${deepest} levels` };
  const parsed = Row.safeParse(row);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? '' : `\`${issue.path.join('.').slice(0, 64)}\`: `;
    return { problem: `${where}${issue?.message ?? 'is not a row'}` };
  }
  const { service, as, attributes, claims, at } = parsed.data;
  const act = actOf(parsed.data);
  if ('problem' in act) return act;
  const moment = at === undefined || at === null ? now : typeof at === 'number' ? at : momentOf(at);
  if (!Number.isFinite(moment)) return { problem: '`at` is no time: write 2026-12-01T00:00:00Z' };
  const caller = as === undefined || as === null || as === '' ? null : identityOf(as);
  if (caller !== null && typeof caller === 'object') return caller;
  const callerService = serviceOf(caller ?? undefined) ?? null;
  return {
    service,
    caller,
    callerService,
    attributes: Object.freeze({ ...flat(attributes ?? {}), ...ofIdentity(caller, callerService) }),
    claims: claims ?? null,
    at: moment,
    act,
  };
}

function actOf(row: z.infer<typeof Row>): Act | NoQuestion {
  const said = [row.method ?? row.path, row.connect, row.exec, row.open, row.publish];
  if (said.filter((one) => one !== undefined).length !== 1)
    return { problem: 'asks exactly one of `method` with `path`, `connect`, `exec`, `open` and `publish`' };
  if (row.connect !== undefined) return connectionOf(row.connect);
  if (row.exec !== undefined) return { kind: 'exec', path: row.exec };
  if (row.open !== undefined) return openingOf(row.open);
  if (row.publish !== undefined) {
    if (!/^[^\s.*>]+(\.[^\s.*>]+)*$/.test(row.publish))
      return { problem: '`publish` is one topic: words with dots between, without wildcards' };
    return { kind: 'publish', topic: row.publish };
  }
  const { method, path } = row;
  if (method === undefined || path === undefined) return { problem: '`method` and `path` go together' };
  if (!/^[A-Z]{1,16}$/.test(method)) return { problem: '`method` is written in capitals: GET' };
  const canonical = canonicalPath(path);
  if (canonical.kind === 'refused') return { problem: `\`path\` is refused: ${canonical.reason}` };
  return { kind: 'request', method, path: canonical.path };
}

/** `host:443`, `[2001:db8::1]:443`, `host:53/udp`. */
function connectionOf(text: string): Act | NoQuestion {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/[\]]+)):([0-9]{1,5})(?:\/(tcp|udp))?$/.exec(text);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || !(port >= 1 && port <= 65_535))
    return { problem: '`connect` is written HOST:PORT, an IPv6 address in brackets' };
  return { kind: 'connect', host: host.toLowerCase(), port, protocol: match?.[4] === 'udp' ? 'udp' : 'tcp' };
}

const accesses: Readonly<Record<string, 'read' | 'write'>> = {
  read: 'read',
  r: 'read',
  write: 'write',
  w: 'write',
  rw: 'write',
};

function openingOf(text: string): Act | NoQuestion {
  const colon = text.lastIndexOf(':');
  const word = text.slice(colon + 1);
  const access = colon > 0 && Object.hasOwn(accesses, word) ? accesses[word] : undefined;
  if (access === undefined) return { problem: '`open` is written FILE:read or FILE:write' };
  return { kind: 'open', path: text.slice(0, colon), access };
}

/** A SPIFFE ID, or the name of a service. */
function identityOf(as: string): string | NoQuestion {
  if (parseSpiffeId(as) !== undefined) return as;
  if (ServiceName.safeParse(as).success) return serviceId(anyTrustDomain, as);
  return { problem: '`as` is a SPIFFE ID or the name of a service' };
}

/** What an identity itself says cannot be said otherwise beside it. */
function ofIdentity(caller: string | null, callerService: string | null): Record<string, Value> {
  if (caller === null) return {};
  const trustDomain = parseSpiffeId(caller)?.trustDomain;
  return {
    id: caller,
    ...(callerService === null ? {} : { service: callerService }),
    ...(trustDomain === undefined || trustDomain === anyTrustDomain ? {} : { 'trust-domain': trustDomain }),
  };
}

/** `{image: {signer: x}}` is `image.signer`. */
function flat(attributes: Readonly<Record<string, Value>>, before = ''): Record<string, Value> {
  const found: Record<string, Value> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (name === '__proto__') continue;
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      Object.assign(found, flat(value as Record<string, Value>, `${before}${name}.`));
    else found[`${before}${name}`] = value;
  }
  return found;
}

function depthOf(value: unknown, depth = 0): number {
  if (typeof value !== 'object' || value === null || depth > deepest) return depth;
  return Object.values(value).reduce<number>((most, one) => Math.max(most, depthOf(one, depth + 1)), depth + 1);
}
