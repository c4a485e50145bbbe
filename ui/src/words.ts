/** The words the console uses for what the model names with codes. */
import type { Layer, Mode, Severity, Tactic } from '../../src/model/index.ts';
import type {
  ActionRow,
  Hold,
  HostRow,
  IncidentRow,
  MapNode,
  SocketRow,
  StoryStep,
} from '../../src/server/api-types.ts';

export const layers = ['runtime', 'network', 'api'] as const satisfies readonly Layer[];
export const layerNames: Readonly<Record<Layer, string>> = { runtime: 'Runtime', network: 'Network', api: 'API' };

export const tacticNames: Readonly<Record<Tactic, string>> = {
  TA0001: 'Initial access',
  TA0002: 'Execution',
  TA0003: 'Persistence',
  TA0004: 'Privilege escalation',
  TA0005: 'Defence evasion',
  TA0006: 'Credential access',
  TA0007: 'Discovery',
  TA0008: 'Lateral movement',
  TA0009: 'Collection',
  TA0011: 'Command and control',
  TA0010: 'Exfiltration',
  TA0040: 'Impact',
};

export const severityNames: Readonly<Record<Severity, string>> = {
  critical: 'Critical',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
  info: 'Info',
};

/** How a cord is drawn; `broken` is for whatever is not held or not watched. */
export type Stroke = 'whole' | 'dashed' | 'dotted' | 'thin' | 'around' | 'broken';
export type Tone = 'good' | 'warning' | 'bad' | 'plain';
export interface Shown {
  readonly word: string;
  readonly stroke: Stroke;
  readonly tone: Tone;
}

/** INVARIANT: `enforced` alone is shown as good. */
export const holdShown: Readonly<Record<Hold['hold'], Shown>> = {
  enforced: { word: 'Enforced', stroke: 'whole', tone: 'good' },
  audit: { word: 'Audit', stroke: 'dashed', tone: 'warning' },
  learning: { word: 'Learning', stroke: 'dotted', tone: 'warning' },
  partial: { word: 'Partly held', stroke: 'thin', tone: 'warning' },
  bypassable: { word: 'Can be gone around', stroke: 'around', tone: 'bad' },
  unwatched: { word: 'Not watched', stroke: 'broken', tone: 'bad' },
  unmanaged: { word: 'Not in the contract', stroke: 'broken', tone: 'bad' },
  off: { word: 'Switched off', stroke: 'broken', tone: 'bad' },
  'no-contract': { word: 'No contract', stroke: 'broken', tone: 'plain' },
};

export const levelShown: Readonly<Record<'full' | 'partial' | 'none', Shown>> = {
  full: { word: 'Watched in full', stroke: 'whole', tone: 'good' },
  partial: { word: 'Watched in part', stroke: 'dashed', tone: 'warning' },
  none: { word: 'Not watched', stroke: 'broken', tone: 'bad' },
};

export const hostStates: Readonly<Record<HostRow['state'], string>> = {
  reporting: 'Reporting',
  silent: 'Silent',
  enrolled: 'Enrolled, no report yet',
};

export const incidentStates: Readonly<Record<IncidentRow['state'], string>> = {
  open: 'Open',
  contained: 'Contained',
  triaged: 'Triaged',
  closed: 'Closed',
};

export const outcomes: Readonly<Record<StoryStep['outcome'], { readonly word: string; readonly tone: Tone }>> = {
  refused: { word: 'Refused', tone: 'good' },
  detected: { word: 'Seen, let pass', tone: 'warning' },
  done: { word: 'Done', tone: 'good' },
  failed: { word: 'Failed', tone: 'bad' },
  pending: { word: 'Under way', tone: 'plain' },
  unavailable: { word: 'Not possible here', tone: 'warning' },
  undone: { word: 'Undone', tone: 'plain' },
};

export const actionStates: Readonly<Record<ActionRow['status'], { readonly word: string; readonly tone: Tone }>> = {
  planned: { word: 'Planned', tone: 'plain' },
  approved: { word: 'Approved', tone: 'plain' },
  running: { word: 'Running', tone: 'plain' },
  done: { word: 'Done', tone: 'good' },
  failed: { word: 'Failed', tone: 'bad' },
  unavailable: { word: 'Not possible here', tone: 'warning' },
  undone: { word: 'Undone', tone: 'plain' },
};

export const owners: Readonly<Record<SocketRow['owner'], string>> = {
  workload: 'The workload itself',
  sidecar: 'Its sidecar',
  gateway: 'The gateway',
};

export const nodeKinds: Readonly<Record<MapNode['kind'], string>> = {
  service: 'Service',
  gateway: 'Gateway',
  public: 'The public',
  outside: 'Outside our hold',
};

/** The key that joins two steps, as a sentence. */
export function joinedBy(key: string): string {
  const known: Readonly<Record<string, string>> = {
    lineage: 'one process started the other',
    process: 'the same process',
    pid: 'the same process',
    socket: 'the same TCP connection',
    trace: 'the same request (trace id)',
    caller: 'the same proved caller',
    'caller identity': 'the caller that was proved',
    'socket and process': 'the same connection, held by that process',
    identity: 'the same identity',
    cgroup: 'the same workload',
    workload: 'the same workload',
    container: 'the same container',
    time: 'close together in time',
  };
  return known[key] ?? key;
}

/** `runtime audit, network audit, API enforce`, or one word when all three agree. */
export function modeWords(mode: Readonly<Record<Layer, Mode>>): string {
  if (mode.runtime === mode.network && mode.network === mode.api) return `${mode.runtime} on all layers`;
  return layers.map((layer) => `${layer === 'api' ? 'API' : layer} ${mode[layer]}`).join(', ');
}
