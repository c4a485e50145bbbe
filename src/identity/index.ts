export {
  type CodeFile,
  type CodeFlaw,
  codeDifference,
  codeFlaws,
  type CodeTree,
  codeTree,
  dockerAttestation,
  type DockerEngine,
  dockerEngine,
  type EntryFile,
  entryFile,
  wholeDigest,
} from './attestors/index.js';
export {
  type CaExpiry,
  type CaOptions,
  type CertificateAuthority,
  type IssuedCertificate,
  openCertificateAuthority,
  type ServerCertificateRequest,
  type SigningRoot,
  type SvidRequest,
} from './ca.js';
export { IdentityError, type IdentityErrorCode } from './errors.js';
export { hostCodeHash, isHostCode } from './host-code.js';
export type { Root } from './root.js';
export type { Roots, StandingState as RotationState } from './root-rotation.js';
export { rootAbove, rootFingerprint } from './roots.js';
export { olderRootKeyFile, rootKeyFile, type RootKeyPlace, type RootKeyStore, rootKeyStore } from './root-key.js';
export { type KeyPlace, keyText, loadKeyFile, openKeyText, replaceKeyFile } from './sealed-file.js';
export { deriveSubkey, type KeyPurpose, keyPurposes, sealedUnder, type Subkey } from './sealed-key.js';
export { keepSealingRing, openSealingRing, type SealingRing, sealingRingIn } from './sealing-ring.js';
export { signerOf, type SigningKey, type SigningRing } from './signing-ring.js';
export { handOver, takeOver } from './subkey-handover.js';
export { type Bundles, generateKeyPair, type KeyPair, type Svid, svidFrom } from './svid.js';
export {
  createSvidSource,
  type RenewPort,
  type SvidSource,
  type SvidSourceOptions,
  type SvidState,
  type Timers,
} from './svid-source.js';
export { type TlsIdentityOptions, tlsClientOptions, tlsServerOptions } from './tls-options.js';
export {
  keySetLimit,
  parseKeySet,
  type TokenResult,
  type TokenVerifier,
  tokenVerifier,
  type VerifiedClaims,
} from './tokens/index.js';
export {
  type PeerRefusal,
  type PeerResult,
  type VerifiedPeer,
  verifyPeer,
  verifySocket,
} from './trust.js';
export {
  type GetSocketOption,
  type PeerCredentials,
  peerCredentials,
  serveWorkloadApi,
  type WorkloadApi,
  type WorkloadApiOptions,
  type WorkloadApiState,
} from './workload-api/index.js';
