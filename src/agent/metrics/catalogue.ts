/** Every number that an agent says of its host; docs/reference/metrics.md is made of it. */
import type { Metric } from '../../base/index.js';

export const agentMetrics = {
  control: {
    name: 'tricordon_agent_control_reachable',
    type: 'gauge',
    help: '1 while the control plane answers.',
  },
  watched: {
    name: 'tricordon_agent_runtime_watched',
    type: 'gauge',
    help: '1 while something watches the runtime layer; `by` names it.',
    labels: ['by'],
  },
  workloads: {
    name: 'tricordon_agent_workloads',
    type: 'gauge',
    help: 'Workloads of this host, by service and state.',
    labels: ['service', 'state'],
  },
  planes: {
    name: 'tricordon_agent_planes',
    type: 'gauge',
    help: 'Processes of the data plane, by service; the gateway is one.',
    labels: ['service'],
  },
  spoolPending: {
    name: 'tricordon_spool_blocks_pending',
    type: 'gauge',
    help: 'Blocks of the spool that the control plane does not have yet.',
  },
  spoolLost: {
    name: 'tricordon_spool_observations_lost',
    type: 'gauge',
    help: 'Observations that found no room; kept over restarts of the agent.',
  },
  spoolFull: { name: 'tricordon_spool_full', type: 'gauge', help: '1 while the spool takes nothing.' },
  spoolBytes: { name: 'tricordon_spool_bytes', type: 'gauge', help: 'Size of the spool.' },
  observations: {
    name: 'tricordon_agent_observations_total',
    type: 'counter',
    help: 'Observations written to the spool, by layer.',
    labels: ['layer'],
  },
  requests: {
    name: 'tricordon_plane_requests_total',
    type: 'counter',
    help: 'Requests through the data plane of a service, by direction and effect; `deny` was refused.',
    labels: ['service', 'direction', 'effect'],
  },
  connections: {
    name: 'tricordon_plane_connections_total',
    type: 'counter',
    help: 'Connections that are no HTTP, through the data plane of a service.',
    labels: ['service', 'direction', 'effect'],
  },
  requestSeconds: {
    name: 'tricordon_plane_request_duration_seconds',
    type: 'histogram',
    help: 'Time from the head of a request to the end of its answer, as the data plane measured it.',
    labels: ['service', 'direction'],
  },
  certificates: {
    name: 'tricordon_certificate_not_after_seconds',
    type: 'gauge',
    help: 'When a certificate ends, seconds since 1970; `host` is the agent’s own.',
    labels: ['name'],
  },
  diskFree: {
    name: 'tricordon_disk_free_bytes',
    type: 'gauge',
    help: 'Room that is left where the spool lies.',
    labels: ['store'],
  },
} as const satisfies Readonly<Record<string, Metric>>;
