export { Configure, FromInlet, FromPlane, ListenAt, maxControlLine, OutboundRoute, PlaneCounts, ToPlane, WorkloadTarget, } from './control-protocol.js';
export { TrafficError } from './errors.js';
export { createPlane } from './plane.js';
export { RecordRing } from './record-ring.js';
