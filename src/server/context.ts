/** Everything a request or a job may need, made once by `main.ts` and passed on; there are no globals. */
import type { Clock, DiskWatch, Family, Logger, Tally } from '../base/index.js';
import type { CertificateAuthority } from '../identity/index.js';
import type { AuditCheckpoint, Store } from '../store/index.js';
import type { Passwords } from './auth/passwords.js';
import type { PeopleKey } from './auth/people-key.js';
import type { Sealer } from './auth/sealed.js';
import type { Throttle } from './auth/throttle.js';
import type { Changes } from './changes.js';
import type { ServerConfig } from './config.js';
import type { Doors } from './doors.js';
import type { EvidenceSpace } from './evidence/space.js';
import type { IncidentDecision } from './jobs/correlation.js';
import type { Learning } from './jobs/learning.js';
import type { Retention } from './jobs/retention.js';
import type { RevisionBoard } from './live/revision.js';
import type { LiveStream } from './live/stream.js';
import type { Mailer } from './notify/mail.js';
import type { RequestMeter } from './metrics/request-meter.js';
import type { TrafficWindow } from './views/traffic-window.js';

export interface Context {
  readonly config: ServerConfig;
  readonly clock: Clock;
  /** For what must end in time: set back, the wall clock makes nothing live longer. */
  readonly limits: Clock;
  readonly log: Logger;
  readonly version: string;
  readonly startedAt: number;
  readonly store: Store;
  readonly authority: CertificateAuthority;
  /** The head of the audit trail, signed, outside of the database. */
  readonly checkpoint: AuditCheckpoint;
  readonly changes: Changes;
  readonly passwords: Passwords;
  /** For second factors, which the database holds sealed. */
  readonly sealer: Sealer;
  /** What the sealer seals with. */
  readonly peopleKey: PeopleKey;
  readonly throttle: Throttle;
  readonly board: RevisionBoard;
  readonly live: LiveStream;
  /** Issuers of tokens whose keys could not be read just now, and why. */
  readonly unreadKeys: Map<string, string>;
  readonly traffic: TrafficWindow;
  readonly learning: Learning;
  readonly mailer: Mailer;
  readonly retention: Retention;
  readonly evidenceSpace: EvidenceSpace;
  /** Of the data directory. */
  readonly disk: DiskWatch;
  /** On incidents, not yet told to the correlator. */
  readonly decisions: IncidentDecision[];
  readonly counters: Counters;
  /** The protocol that each host's agent named last, also when it was refused for it. */
  readonly spoken: Map<string, number>;
  /** Of what the listeners answered. */
  readonly meter: RequestMeter;
  /** Age, memory and event loop of this process. */
  readonly readProcess: () => Family[];
  /** Ms since 1970, of the certificates that the listeners show now. */
  readonly certificateEnds: { console: number; agents: number };
  /** What the listeners show; nothing before they are up. */
  doors: Doors;
  /** Known when the listeners are up. */
  readonly addresses: Addresses;
}

export interface Counters {
  cspViolations: number;
  /** Taken and not yet judged. */
  pending: number;
  /** Rows that no engine could digest. */
  undigested: number;
  /** Observations committed, and refused, since the start. */
  taken: number;
  refused: number;
  /** By layer and effect, as they were observed. */
  readonly decisions: Tally;
  /** When the audit trail was last found as it was signed; null before the first time. */
  checkpointAt: number | null;
}

export interface Addresses {
  consoleUrl: string;
  agentUrl: string;
  /** SHA-256 of the console's certificate, as browsers show it. */
  fingerprint: string;
  /** SHA-256 of the root certificate, hex: what agents check before they say their token. */
  caFingerprint: string;
}
