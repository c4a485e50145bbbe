/** Who is signed in. Kept in memory; the cookie itself no script can read. */
import { createContext, useContext } from 'react';
import type { WhoAmI } from '../../src/server/api-types.ts';

export const Session = createContext<WhoAmI | undefined>(undefined);

/** May the signed-in person do this? The control plane decides anew with each request; this only hides the button. */
export function useMay(scope: WhoAmI['scopes'][number]): boolean {
  const ladder = ['read', 'operate', 'approve', 'admin'];
  const held = useContext(Session)?.scopes ?? [];
  return held.some((one) => ladder.indexOf(one) >= ladder.indexOf(scope));
}
