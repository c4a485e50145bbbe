export {
  Configure,
  FromInlet,
  FromPlane,
  ListenAt,
  maxControlLine,
  OutboundRoute,
  PlaneCounts,
  type ToInlet,
  ToPlane,
  type ToPlaneInput,
  WorkloadTarget,
} from './control-protocol.js';
export { TrafficError, type TrafficErrorCode } from './errors.js';
export { createPlane, type Plane, type PlaneDeps } from './plane.js';
export { RecordRing } from './record-ring.js';
