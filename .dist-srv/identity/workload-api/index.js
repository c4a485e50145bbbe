export { peerCredentials } from './peer-credentials.js';
export { serveWorkloadApi } from './server.js';
