import { createContext, useContext } from 'react';
import type { WhoAmI } from '../../src/server/api-types.ts';
import type { Permission } from './api.ts';

/** Who is signed in. */
export const Me = createContext<WhoAmI | undefined>(undefined);

/** May the signed-in person do this? The control plane decides anew with each request; this only hides what it refuses. */
export function useMay(permission: Permission): boolean {
  return useContext(Me)?.permissions.includes(permission) ?? false;
}
