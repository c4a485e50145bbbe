export { attest, attestors, codeDigest, dockerAttestor, dockerEngine, entryFile, ownerOf, processAttestor, procfs, } from './attestors/index.js';
export { openCertificateAuthority, } from './ca.js';
export { IdentityError } from './errors.js';
export { generateKeyPair, svidFrom } from './svid.js';
export { createSvidSource, } from './svid-source.js';
export { tlsClientOptions, tlsServerOptions } from './tls-options.js';
export { verifyPeer, verifySocket, } from './trust.js';
export { peerCredentials, serveWorkloadApi, } from './workload-api/index.js';
