import { createContext, useContext } from 'react';
import type { WhoAmI } from '../../src/server/api-types.ts';
import type { Scope } from './api.ts';

/** Who is signed in. */
export const Me = createContext<WhoAmI | undefined>(undefined);

/** May the signed-in person do this? The control plane decides anew with each request; this only hides what it refuses. */
export function useMay(scope: Scope): boolean {
  return useContext(Me)?.scopes.includes(scope) ?? false;
}
