import { createContext, useContext } from 'react';
import type { WhoAmI } from '../../src/server/api-types.ts';
import type { Permission } from './api.ts';

/** Who is signed in. */
export const Me = createContext<WhoAmI | undefined>(undefined);

/**
 * May the signed-in person do this, at least for some services? The control plane decides anew with each request; this only
 * hides what it would refuse everywhere.
 */
export function useMay(permission: Permission): boolean {
  const me = useContext(Me);
  if (me === undefined) return false;
  return me.permissions.includes(permission) || me.within.some(({ permissions }) => permissions.includes(permission));
}
