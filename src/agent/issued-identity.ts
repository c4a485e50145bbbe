/** What the control plane issued to something that was attested here. */
import type { Svid } from '../identity/index.js';

/** One identity that is renewed by itself. */
export interface IdentityHandle {
  current(): Svid | undefined;
  onChange(listener: (svid: Svid) => void): void;
  stop(): void;
}
