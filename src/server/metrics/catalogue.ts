/** Every number that the control plane says of itself; docs/reference/metrics.md is made of it. */
import type { Metric } from '../../base/index.js';

export const controlMetrics = {
  requests: {
    name: 'tricordon_http_requests_total',
    type: 'counter',
    help: 'Requests answered, by listener, route and status; `none` is a path that no route has.',
    labels: ['listener', 'route', 'status'],
  },
  requestSeconds: {
    name: 'tricordon_http_request_duration_seconds',
    type: 'histogram',
    help: 'Time to the end of the answer; without event streams and the state that agents wait for.',
    labels: ['listener'],
  },
  agents: {
    name: 'tricordon_agents',
    type: 'gauge',
    help: 'Enrolled hosts, by state: reporting, silent, or enrolled and not heard of yet.',
    labels: ['state'],
  },
  agentReported: {
    name: 'tricordon_agent_last_seen_timestamp_seconds',
    type: 'gauge',
    help: 'When a host was last heard of, seconds since 1970; of the first 500 hosts by name.',
    labels: ['host'],
  },
  observationsTaken: {
    name: 'tricordon_observations_taken_total',
    type: 'counter',
    help: 'Observations taken from agents and committed.',
  },
  observationsRefused: {
    name: 'tricordon_observations_refused_total',
    type: 'counter',
    help: 'Observations that were not of their schema or not of their sender.',
  },
  observationsPending: {
    name: 'tricordon_observations_pending',
    type: 'gauge',
    help: 'Observations taken by this process and not yet judged.',
  },
  observationsUndigested: {
    name: 'tricordon_observations_undigested_total',
    type: 'counter',
    help: 'Observations that an engine could not judge.',
  },
  observationsLost: {
    name: 'tricordon_observations_lost',
    type: 'gauge',
    help: 'Events that sensors and spools of all hosts lost, by their own last word.',
  },
  decisions: {
    name: 'tricordon_decisions_total',
    type: 'counter',
    help: 'Decisions by contract that were observed, by layer and effect.',
    labels: ['layer', 'effect'],
  },
  incidents: {
    name: 'tricordon_incidents',
    type: 'gauge',
    help: 'Incidents that are not closed, by state.',
    labels: ['state'],
  },
  agentVersions: {
    name: 'tricordon_agents_by_version',
    type: 'gauge',
    help: 'Enrolled hosts, by the protocol of their agent beside ours: current, behind (served), apart (refused) or unknown.',
    labels: ['version'],
  },
  glassOpen: {
    name: 'tricordon_glass_open',
    type: 'gauge',
    help: 'Openings of the glass that stand now: what contracts forbid there is noted, not refused.',
  },
  unsentMail: {
    name: 'tricordon_unsent_mail_total',
    type: 'counter',
    help: 'Messages that could not be sent since the start.',
  },
  storeBytes: {
    name: 'tricordon_store_bytes',
    type: 'gauge',
    help: 'What a store holds on disk, as measured.',
    labels: ['store'],
  },
  storeQuota: {
    name: 'tricordon_store_quota_bytes',
    type: 'gauge',
    help: 'What a store may hold; only of those with a quota.',
    labels: ['store'],
  },
  storeRefusing: {
    name: 'tricordon_store_refusing',
    type: 'gauge',
    help: '1 while a store takes nothing new, or holds more than its quota because all of it is pinned.',
    labels: ['store'],
  },
  storeDropped: {
    name: 'tricordon_store_dropped_rows_total',
    type: 'counter',
    help: 'Rows that a store let go of, by reason; each is a gap that the console shows.',
    labels: ['store', 'reason'],
  },
  databaseUp: { name: 'tricordon_database_up', type: 'gauge', help: '1 when the database answered this question.' },
  databaseSeconds: {
    name: 'tricordon_database_probe_seconds',
    type: 'gauge',
    help: 'How long it took to answer.',
  },
  schema: { name: 'tricordon_schema_version', type: 'gauge', help: 'Number of the newest migration of the database.' },
  bus: {
    name: 'tricordon_bus_batches',
    type: 'gauge',
    help: 'Batches between our jobs: waiting, or dead after too many failures.',
    labels: ['state'],
  },
  certificates: {
    name: 'tricordon_certificate_not_after_seconds',
    type: 'gauge',
    help: 'When a certificate ends, seconds since 1970.',
    labels: ['name'],
  },
  diskFree: {
    name: 'tricordon_disk_free_bytes',
    type: 'gauge',
    help: 'Room that is left where the process keeps its files.',
    labels: ['store'],
  },
  auditEntries: { name: 'tricordon_audit_entries', type: 'gauge', help: 'Length of the audit trail.' },
  auditCheckpointAge: {
    name: 'tricordon_audit_checkpoint_age_seconds',
    type: 'gauge',
    help: 'Since the head of the audit trail was last found as it was signed; every 2 seconds unless something is wrong.',
  },
  cspViolations: {
    name: 'tricordon_console_csp_violations_total',
    type: 'counter',
    help: 'Reports of browsers that the console broke its own content policy.',
  },
} as const satisfies Readonly<Record<string, Metric>>;
