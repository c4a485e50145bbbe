export { type GetSocketOption, type PeerCredentials, peerCredentials } from './peer-credentials.js';
export { serveWorkloadApi, type WorkloadApi, type WorkloadApiOptions, type WorkloadApiState } from './server.js';
