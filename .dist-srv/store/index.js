// Importing this loads neither driver nor query builder: `openStore`, `startCluster` and `clusterHealth` load them when called.
export { chainWalker } from './audit/chain.js';
export { auditCheckpoint } from './audit/checkpoint.js';
export { fakeBus } from './bus/fake-bus.js';
export { discoverCluster } from './cluster/discover.js';
export { clusterHealth } from './cluster/handshake.js';
export { startCluster, stopCluster } from './cluster/private-cluster.js';
export { canonicalJson } from './canonical-json.js';
export { holdLock } from './process-lock.js';
export { csrfToken, isCsrfToken } from './session-proof.js';
export { shippingCursor } from './spool/cursor.js';
export { pinDirectory } from './spool/retention.js';
export { readSpool } from './spool/reader.js';
export { openSpool } from './spool/writer.js';
export { openStore } from './store.js';
export { StoreError, storeErrorCodes } from './store-error.js';
