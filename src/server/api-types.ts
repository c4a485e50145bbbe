/** The shapes of the public API's answers and requests, for the console and the CLI. Types only. */
import type { z } from 'zod';
import type * as actions from './api/actions.js';
import type * as audit from './api/audit.js';
import type * as authority from './api/authority.js';
import type * as common from './api/common.js';
import type * as review from './api/contract-review.js';
import type * as contracts from './api/contracts.js';
import type * as coverage from './api/coverage.js';
import type * as decisions from './api/decisions.js';
import type * as evidence from './api/evidence.js';
import type * as glass from './api/glass.js';
import type * as incidents from './api/incidents.js';
import type * as keys from './api/keys.js';
import type * as map from './api/map.js';
import type * as people from './api/people.js';
import type * as policy from './api/policy.js';
import type * as rollouts from './api/rollouts.js';
import type * as records from './api/records.js';
import type * as session from './api/session.js';
import type * as status from './api/status.js';

export type Problem = z.infer<typeof common.Problem>;
export type Scope = z.infer<typeof common.Scope>;
export type HeldBy = z.infer<typeof common.HeldBy>;
export type Hold = z.infer<typeof common.Hold>;

export type LoginRequest = z.infer<typeof session.LoginRequest>;
export type WhoAmI = z.infer<typeof session.WhoAmI>;
export type TokenRequest = z.input<typeof session.TokenRequest>;
export type TokenCreated = z.infer<typeof session.TokenCreated>;
export type LoginLink = z.infer<typeof session.LoginLink>;

export type ConsoleKeyRotated = z.infer<typeof keys.ConsoleKeyRotated>;
export type EvidenceKeyRotated = z.infer<typeof keys.EvidenceKeyRotated>;
export type PeopleKeyRotated = z.infer<typeof keys.PeopleKeyRotated>;
export type PeopleAnswer = z.infer<typeof people.PeopleAnswer>;
export type InviteRequest = z.input<typeof people.InviteRequest>;
export type PersonChange = z.infer<typeof people.PersonChange>;
export type RolesAnswer = z.infer<typeof people.RolesAnswer>;
export type AccountAnswer = z.infer<typeof people.AccountAnswer>;
export type PersonLink = z.infer<typeof people.PersonLink>;
export type TotpOffer = z.infer<typeof people.TotpOffer>;
export type RecoveryCodes = z.infer<typeof people.RecoveryCodes>;
export type SessionsAnswer = z.infer<typeof people.SessionsAnswer>;
export type TokensAnswer = z.infer<typeof people.TokensAnswer>;

export type GlassAnswer = z.infer<typeof glass.GlassAnswer>;
export type GlassCode = z.infer<typeof glass.GlassCode>;

export type CoverageAnswer = z.infer<typeof coverage.CoverageAnswer>;
export type HostRow = z.infer<typeof coverage.HostRow>;
export type SocketRow = z.infer<typeof coverage.SocketRow>;
export type CoveredService = z.infer<typeof coverage.CoveredService>;
export type HostsAnswer = z.infer<typeof coverage.HostsAnswer>;
export type ServiceRegistered = z.infer<typeof coverage.ServiceRegistered>;
export type ServicesAnswer = z.infer<typeof coverage.ServicesAnswer>;
export type SocketsAnswer = z.infer<typeof coverage.SocketsAnswer>;

export type MapAnswer = z.infer<typeof map.MapAnswer>;
export type MapNode = z.infer<typeof map.MapNode>;
export type MapEdge = z.infer<typeof map.MapEdge>;

export type IncidentsAnswer = z.infer<typeof incidents.IncidentsAnswer>;
export type IncidentRow = z.infer<typeof incidents.IncidentRow>;
export type IncidentAnswer = z.infer<typeof incidents.IncidentAnswer>;
export type IncidentStateRequest = z.infer<typeof incidents.IncidentStateRequest>;
export type StoryStep = z.infer<typeof incidents.StoryStep>;
export type Touched = z.infer<typeof incidents.Touched>;

export type ActionRow = z.infer<typeof actions.ActionRow>;
export type ActionsAnswer = z.infer<typeof actions.ActionsAnswer>;
export type PlanRequest = z.infer<typeof actions.PlanRequest>;
export type ApplyRequest = z.infer<typeof actions.ApplyRequest>;

export type AuthorityAnswer = z.infer<typeof authority.AuthorityAnswer>;
export type RotationRequest = z.input<typeof authority.RotationRequest>;

export type EvidenceRow = z.infer<typeof evidence.EvidenceRow>;
export type EvidenceList = z.infer<typeof evidence.EvidenceList>;
export type EvidenceAnswer = z.infer<typeof evidence.EvidenceAnswer>;
export type EvidenceKeys = z.infer<typeof evidence.EvidenceKeys>;

export type ContractsAnswer = z.infer<typeof contracts.ContractsAnswer>;
export type DecisionAnswer = z.infer<typeof decisions.DecisionAnswer>;
export type BoundAnswer = z.infer<typeof policy.BoundAnswer>;
export type RolloutAnswer = z.infer<typeof rollouts.RolloutAnswer>;
export type RolloutRow = z.infer<typeof rollouts.RolloutRow>;
export type RolloutRequest = z.input<typeof rollouts.RolloutRequest>;
export type PolicyAnswer = z.infer<typeof policy.PolicyAnswer>;
export type ContractAnswer = z.infer<typeof contracts.ContractAnswer>;
export type ContractVersionRow = z.infer<typeof contracts.ContractVersionRow>;
export type DiffAnswer = z.infer<typeof contracts.DiffAnswer>;
export type DiffRow = z.infer<typeof contracts.DiffRow>;
export type ReviewAnswer = z.infer<typeof review.ReviewAnswer>;
export type ClauseRow = z.infer<typeof review.ClauseRow>;
export type ProposeRequest = z.infer<typeof contracts.ProposeRequest>;
export type DecideRequest = z.infer<typeof contracts.DecideRequest>;
export type ModeRequest = z.infer<typeof contracts.ModeRequest>;

export type StoreRow = z.infer<typeof status.StoreRow>;
export type StatusAnswer = z.infer<typeof status.StatusAnswer>;
export type WorkloadsAnswer = z.infer<typeof status.WorkloadsAnswer>;
export type EnrolRequest = z.input<typeof status.EnrolRequest>;
export type EnrolToken = z.infer<typeof status.EnrolToken>;
export type HostWithdrawn = z.infer<typeof status.HostWithdrawn>;

export type ObservationsAnswer = z.infer<typeof records.ObservationsAnswer>;
export type AuditAnswer = z.infer<typeof audit.AuditAnswer>;
export type AuditVerified = z.infer<typeof audit.AuditVerified>;
export type StreamEvent = z.infer<typeof records.StreamEvent>;
