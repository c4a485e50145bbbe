/** What one data plane process (sidecar or gateway) runs on: immutable, kept on disk as last good. */
import { z } from 'zod';
import { GlassOpening } from './break-glass.js';
import { Bound, ContractVersion } from './contract.js';
import { Port, ServiceName } from './names.js';
import { Endpoint } from './observation.js';
import { Rollout } from './rollout.js';
import { TokenIssuer } from './token-issuer.js';

/** Where a service's sidecars take mutual TLS. */
export const ServiceEndpoints = z.strictObject({ service: ServiceName, endpoints: z.array(Endpoint) });

/** One dependency as the workload's own code dials it. */
export const CallRoute = z.strictObject({
  service: ServiceName,
  host: z.string().max(253),
  port: Port,
  /** Environment variable that carries our address where traffic cannot be captured. */
  env: z
    .string()
    .regex(/^[A-Z_][A-Z0-9_]*$/)
    .optional(),
});
export type CallRoute = z.infer<typeof CallRoute>;

/** What no contract of these services passes. */
export const AppliedBound = z.strictObject({ bound: Bound, services: z.array(ServiceName) });
export type AppliedBound = z.infer<typeof AppliedBound>;

export const PlaneSnapshot = z.strictObject({
  schemaVersion: z.literal(1),
  /** Grows with every change; an older one never replaces a newer one. */
  revision: z.int(),
  trustDomain: z.string(),
  /** Trust bundle: PEM certificates by trust domain. */
  bundles: z.record(z.string(), z.array(z.string())),
  services: z.array(ServiceEndpoints),
  /** Active approved versions: the own service's and those of the services it calls. */
  contracts: z.array(ContractVersion),
  /** Identities that are refused from now on; live connections are drained. */
  revoked: z.array(z.string()),
  /** Services cut off by containment. */
  isolated: z.array(ServiceName),
  /** While the glass is open (break-glass): by this host's clock, and each data plane process ends it by itself. */
  glass: z
    .array(GlassOpening.pick({ services: true, layers: true, until: true }))
    .max(100)
    .optional(),
  /** Bounds of the organisation, each with those of the services above that it applies to. */
  bounds: z.array(AppliedBound).max(1_000).optional(),
  /** Whose tokens say who a user is; absent or empty: nobody's. */
  users: z.array(TokenIssuer).max(16).optional(),
  /** Versions that decide beside those of `contracts`, one for a service at most. */
  rollouts: z.array(Rollout).max(1_000).optional(),
});
export type PlaneSnapshot = z.infer<typeof PlaneSnapshot>;
