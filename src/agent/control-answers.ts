/** What the control plane answers on the agent API; the server's own module declares the same shapes. */
import { z } from 'zod';
import {
  Action,
  AppliedBound,
  ContractVersion,
  GlassOpening,
  Rollout,
  ServiceEndpoints,
  ServiceName,
  TokenIssuer,
  Workload,
} from '../model/index.js';

export const Issued = z.object({
  id: z.string(),
  chain: z.array(z.string()).min(1),
  notBefore: z.number(),
  notAfter: z.number(),
  trustDomain: z.string(),
  bundles: z.record(z.string(), z.array(z.string())),
});
export type Issued = z.infer<typeof Issued>;

export const WorkloadAnswer = z.object({ workload: Workload, svid: Issued, contract: ContractVersion });

export const StateAnswer = z.object({
  revision: z.int(),
  trustDomain: z.string(),
  bundles: z.record(z.string(), z.array(z.string())),
  services: z.array(ServiceEndpoints),
  contracts: z.array(ContractVersion),
  revoked: z.array(z.string()),
  isolated: z.array(ServiceName),
  actions: z.array(Action),
  /** Fingerprint of the root that signs now. Absent, as what follows, from a control plane that speaks protocol 1. */
  issuer: z.string().optional(),
  bounds: z.array(AppliedBound).max(1_000).optional(),
  users: z.array(TokenIssuer).max(16).optional(),
  rollouts: z.array(Rollout).max(1_000).optional(),
  glass: z.object({ open: z.array(GlassOpening), codeHash: z.string().nullable() }).optional(),
});
export type StateAnswer = z.infer<typeof StateAnswer>;

export const SpoolPins = z.object({
  pins: z.array(z.object({ id: z.string().max(40), since: z.number(), until: z.number() })).max(1_000),
});

export const Anything = z.unknown();
