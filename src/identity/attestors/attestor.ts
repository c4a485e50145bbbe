/** The one shape of every attestor: it proves how a workload was launched, or says that the workload is not its own. */
import type { Attestation } from '../../model/index.js';

export type AttestationInput =
  | {
      readonly kind: 'process';
      readonly pid: number;
      /** Clock ticks after boot as the launcher saw it: with the pid it names one process for ever. */
      readonly start: number;
      /** The directory (or single file) the operator declared as this service's code. */
      readonly code: string;
      /** Who launched it, as the launcher authenticated them. */
      readonly operator: string;
    }
  | { readonly kind: 'container' /** Full id, 64 hex digits. */; readonly container: string };

export interface Attestor {
  readonly name: string;
  /** Undefined: not mine, ask the next. Throws IdentityError when it is mine and the proof fails. */
  attest(input: AttestationInput): Promise<Attestation | undefined>;
}
