export { agentProtocol, commonProtocol, type ProtocolSpan, protocolSpan } from './agent-protocol.js';
export { concerns, GlassId, GlassOpening, GlassRequest, glassMinutes } from './break-glass.js';
export { Configuration, ServiceConfiguration } from './configuration.js';
export {
  Base,
  Bound,
  Bytes,
  Call,
  Contract,
  ContractVersion,
  contractStates,
  Deny,
  Egress,
  Exception,
  Executable,
  FileAccess,
  Ingress,
  Method,
  Moment,
  Mount,
  Peer,
  Publish,
  Rate,
  Serve,
  Subscribe,
  User,
} from './contract.js';
export { Coverage, HostCoverage, LayerCoverage } from './coverage.js';
export { type Decision, type NearestMiss, type ReasonCode, reasonCodes } from './decision.js';
export { EvidenceManifest } from './evidence.js';
export { Action, ActionKind, actionKinds, Incident, incidentStates } from './incident.js';
export { Grant, LabelKey, Labels, LabelValue, labelText, matches, sameLabels } from './labels.js';
export { Layer, layers, Mode, ModeByLayer, modes } from './layer.js';
export { Digest, HostName, Port, ServiceName, WorkloadId } from './names.js';
export { Endpoint, Event, type EventKind, JoinKeys, Observation, Verdict } from './observation.js';
export {
  AttributeName,
  isSatisfied,
  Predicate,
  predicateText,
  type Scalar,
  Selector,
  type Value,
} from './predicate.js';
export { RecordingHeader } from './recording.js';
export { canonicalPath, type PathResult } from './request-path.js';
export { Rollout, RolloutCounts, RolloutFlip, RolloutStage } from './rollout.js';
export { Severity, Signal, severities, Tactic, tacticNames, tactics } from './signal.js';
export { AppliedBound, CallRoute, PlaneSnapshot, ServiceEndpoints } from './snapshot.js';
export { TokenIssuer, VerificationKey } from './token-issuer.js';
export { agentId, formatSpiffeId, parseSpiffeId, type SpiffeId, serviceId, serviceOf } from './spiffe-id.js';
export { Attestation, Attributes, CaptureRung, captureRungs, ListeningSocket, Workload } from './workload.js';
