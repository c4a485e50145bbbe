import { TricordonError } from '../base/index.js';

export type IdentityErrorCode =
  /** The CA's directory is no directory, belongs to another account, or others may enter it. */
  | 'ca-directory-unsafe'
  /** A key or certificate file of the CA cannot be read or does not fit the others. */
  | 'ca-broken'
  | 'ca-passphrase-wrong'
  /** A key that is sealed under a root key which is not at hand. */
  | 'key-sealed'
  /** The root key is missing, belongs to another account, is open to others, or was changed. */
  | 'root-key-broken'
  /** A step of changing the root that does not follow from where the change stands. */
  | 'rotation-out-of-order'
  /** The clock stands outside the CA's own validity: nothing can be issued. */
  | 'ca-expired'
  /** What was asked for may not stand in a certificate of ours. */
  | 'certificate-request-invalid'
  /** Bytes that are not a certificate this product reads. */
  | 'certificate-malformed'
  /** The keys of an identity provider for users cannot be read, or hold what must not be published. */
  | 'key-set-invalid'
  /** The chain and the key, or the chain and the expected identity, do not belong together. */
  | 'svid-mismatch'
  /** The other side of a connection could not prove the identity that was expected. */
  | 'peer-refused'
  | 'socket-path-too-long'
  | 'socket-in-use'
  | 'socket-failed'
  /** The process is gone, or is another one than it was a moment ago. */
  | 'process-changed'
  | 'code-unsafe'
  | 'code-too-large'
  | 'code-changed'
  | 'engine-unreachable'
  | 'engine-answer-invalid';

/** Everything that goes wrong with identities; each code is documented in docs/reference/errors.md. */
export class IdentityError extends TricordonError<IdentityErrorCode> {
  override readonly name = 'IdentityError';
}
