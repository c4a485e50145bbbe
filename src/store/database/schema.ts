/** The tables as the queries see them. Bodies are `json`, not `jsonb`: hostile text may hold NUL, which jsonb refuses. */
import type { ColumnType, Generated, Kysely } from 'kysely';

/** Written as text, read back parsed; the repository checks it with the model's schema. */
type Json = ColumnType<unknown, string, string>;
type NullableJson = ColumnType<unknown, string | null, string | null>;
type DefaultedJson = ColumnType<unknown, string | undefined, string>;

interface ObservationColumns {
  day: string;
  id: string;
  tx: Generated<number>;
  seq: Generated<number>;
  at: number;
  host: string;
  service: string | null;
  workload: string | null;
  layer: string;
  kind: string;
  body: Json;
}

export interface Tables {
  contracts: {
    service: string;
    version: number;
    digest: string;
    state: string;
    contract: Json;
    origin: string;
    observed: number;
    proposed_by: string;
    proposed_at: number;
    decided_by: string | null;
    decided_at: number | null;
    reason: string | null;
    clean: Json;
    /** Null: as it is in force. */
    written: Json | null;
  };
  bases: { name: string; version: number; digest: string; document: Json; put_by: string; put_at: number };
  bounds: {
    name: string;
    number: number;
    digest: string;
    document: Json;
    put_by: string;
    put_at: number;
    ended_by: string | null;
    ended_at: number | null;
  };
  rollouts: {
    id: string;
    service: string;
    version: number;
    digest: string;
    stage: Json;
    most: number;
    begun_by: string;
    begun_at: number;
    ended_by: string | null;
    ended_at: number | null;
    ended_why: string | null;
    counts: Json;
    flips: Json;
  };
  workloads: {
    id: string;
    service: string;
    host: string;
    state: string;
    started_at: number;
    ended_at: number | null;
    body: Json;
  };
  services: { name: string; created_at: number; isolated: boolean; declaration: NullableJson; labels: DefaultedJson };
  hosts: {
    name: string;
    certificate_serial: string;
    enrolled_at: number;
    last_seen_at: number;
    coverage: NullableJson;
    sockets: DefaultedJson;
    endpoints: DefaultedJson;
  };
  enrol_tokens: {
    hash: string;
    created_at: number;
    expires_at: number;
    used_at: number | null;
    used_by: string | null;
  };
  observations: ObservationColumns;
  decisions_allowed: ObservationColumns;
  decisions_denied: ObservationColumns;
  /** A view of the three: to read only. */
  observed: ObservationColumns;
  retention_drops: {
    store: string;
    reason: string;
    day: string;
    from_at: number;
    to_at: number;
    rows: number;
    bytes: number;
    dropped_at: number;
  };
  signals: {
    id: string;
    at: number;
    service: string | null;
    layer: string;
    rule: string;
    severity: string;
    body: Json;
  };
  incidents: {
    id: string;
    state: string;
    opened_at: number;
    last_at: number;
    score: number;
    services: string[];
    body: Json;
  };
  actions: {
    id: string;
    incident: string | null;
    service: string;
    host: string | null;
    status: string;
    requested_at: number;
    body: Json;
  };
  evidence: {
    id: string;
    incident: string | null;
    service: string;
    collected_at: number;
    manifest: Json;
    signature: string;
    path: string;
    /** By our clock; null in rows of older versions. */
    sealed_at: number | null;
    pinned_at: number | null;
    pinned_by: string | null;
    pin_reason: string | null;
  };
  glass: {
    id: string;
    host: string | null;
    opened_at: number;
    until: number;
    closed_at: number | null;
    body: Json;
  };
  glass_codes: { host: string; hash: string; made_at: number; made_by: string };
  accounts: { name: string; role: string; created_at: number; state: Generated<string>; grants: DefaultedJson };
  credentials: {
    account: string;
    password: string | null;
    totp: string | null;
    totp_step: number | null;
    totp_pending: string | null;
  };
  recovery_codes: { account: string; hash: string; used_at: number | null };
  login_sources: { account: string; source: string; last_at: number };
  sessions: { hash: string; account: string; created_at: number; expires_at: number; source: string | null };
  tokens: {
    hash: string;
    name: string;
    account: string;
    scopes: Json;
    created_at: number;
    expires_at: number | null;
    revoked_at: number | null;
    last_used_at: number | null;
    within: DefaultedJson;
  };
  login_links: { hash: string; account: string; created_at: number; expires_at: number; used_at: number | null };
  settings: { key: string; value: Json };
  audit: {
    seq: number;
    at: number;
    actor: string;
    action: string;
    subject: string;
    detail: Json;
    previous: string;
    hash: string;
  };
  changes: { seq: number; at: number; topic: string; subject: string; change: string };
  bus_groups: { topic: string; group: string };
  bus_messages: {
    id: Generated<number>;
    topic: string;
    group: string;
    body: Json;
    attempts: Generated<number>;
    due: Generated<Date>;
    holder: string | null;
    dead: Generated<boolean>;
    error: string | null;
  };
}

export type Database = Kysely<Tables>;
