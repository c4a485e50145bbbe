/** Shapes that several answers share. */
import { z } from 'zod';
import { Digest, Layer, ModeByLayer, ServiceName } from '../../model/index.js';

/** Bundles of permissions that tokens are given (`auth/roles.ts`); each includes those before it. */
export const scopes = ['read', 'operate', 'approve', 'admin'] as const;
export const Scope = z.enum(scopes);

/** RFC 9457. `code` is from the closed union of `ServerError`; nothing internal ever stands in `detail`. */
export const Problem = z.strictObject({
  type: z.literal('about:blank'),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string(),
  hint: z.string().nullable(),
  /** For unsuitable input: where and why. */
  issues: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
});

/** Milliseconds since the epoch. */
export const Time = z.number();

export const CountByLayer = z.strictObject({ runtime: z.int(), network: z.int(), api: z.int() });

/** The contract a service is held to right now. */
export const HeldBy = z.strictObject({ version: z.int(), digest: Digest.or(z.string()), mode: ModeByLayer });

/**
 * How one layer of one service is held. `unwatched`: nothing on the host watches the layer, so whatever the contract
 * says is not held; `bypassable`: held, but a neighbour can go around; `next-start`: the
 * contract takes hold when its commands start again; `observed`: it says `enforce`, and the host cannot refuse. Only `enforced` may ever be shown as green.
 */
export const holds = [
  'enforced',
  'audit',
  'learning',
  'off',
  'unmanaged',
  'bypassable',
  'partial',
  'next-start',
  'observed',
  'unwatched',
  'no-contract',
] as const;
export const Hold = z.strictObject({ layer: Layer, hold: z.enum(holds), reason: z.string() });

export const ServiceRef = ServiceName;
