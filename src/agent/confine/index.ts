export { freezeCgroup, killCgroup, processesOf, removeCgroup, type RunningProcess } from './cgroup.js';
export { type ConfineCode, ConfineError } from './errors.js';
export { describeProcess } from './describe.js';
export { attestContainer } from './docker/attest.js';
export { apiFolder } from './docker/container.js';
export { sweepContainers } from './docker/docker.js';
export { type Engine, openDocker } from './docker/engine.js';
export { ContainerEvidence, containerEvidence } from './docker/evidence.js';
export { type RunningContainer, runContainer } from './docker/run-container.js';
export { type EnforcerOptions, hostEnforcer } from './enforcer.js';
export { type EvidenceOptions, evidenceSources } from './evidence.js';
export type { Hands, Target } from './hands.js';
export { contractDescriptor, HeldRules } from './held.js';
export { helperHands } from './hands-helper.js';
export { ownHands } from './hands-own.js';
export { agree, type LaunchOwner, launchOf } from './launch.js';
export { copyMemory, type MemoryCopy } from './memory.js';
export { withEyesOf } from './eyes.js';
export { loopbackFacts } from './loopback.js';
export { netns, netnsFacts } from './netns.js';
export { type PlaneOptions, type PlaneProcessPair, planeOptions, spawnPlane, stopPlane } from './plane.js';
export { isStopped, type Reach, reachByCgroup, reachByDescent } from './reach.js';
export { sweepHouse } from './sweep.js';
export { signalTree, treeOf } from './process-tree.js';
export {
  CaptureSpec,
  CleanPath,
  type Launch,
  Place,
  Prepared,
  type Rung,
  type RungProbe,
  VirtualAddress,
} from './rung.js';
export { type BestRung, bestRung, rungNamed, rungs } from './rungs.js';
export { socketPair } from './socket-pair.js';
export { hostsFile, virtualAddresses } from './virtual-addresses.js';
