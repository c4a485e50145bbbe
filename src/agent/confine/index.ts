export { freezeCgroup, killCgroup, processesOf, type RunningProcess } from './cgroup.js';
export { type ConfineCode, ConfineError } from './errors.js';
export { type CodeFile, type CodeTree, codeDifference, codeTree } from './code-tree.js';
export { describeProcess } from './describe.js';
export { type EnforcerOptions, hostEnforcer } from './enforcer.js';
export { type EvidenceOptions, evidenceSources } from './evidence.js';
export type { Hands, Target } from './hands.js';
export { helperHands } from './hands-helper.js';
export { ownHands } from './hands-own.js';
export { type LaunchOwner, launchOf } from './launch.js';
export { copyMemory, type MemoryCopy } from './memory.js';
export { netns, netnsFacts } from './netns.js';
export { type PlaneOptions, type PlaneProcessPair, planeOptions, spawnPlane, stopPlane } from './plane.js';
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
export { bestRung, rungNamed, rungs } from './rungs.js';
export { socketPair } from './socket-pair.js';
export { hostsFile, virtualAddresses } from './virtual-addresses.js';
