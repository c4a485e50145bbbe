/** Break-glass: for a limited time a contract's deviations are noted instead of refused, loudly and with a reason. */
import { z } from 'zod';
import { Layer, layers } from './layer.js';
import { HostName, ServiceName } from './names.js';

/** How long the glass stays open, in minutes. */
export const glassMinutes = { min: 1, max: 240, default: 30 } as const;

export const GlassId = z.string().regex(/^GLASS-[a-z0-9.-]{1,80}$/);
export const GlassReason = z.string().trim().min(5).max(1_024);

/** What somebody asks for. */
export const GlassRequest = z.strictObject({
  /** Null: every service. */
  services: z.array(ServiceName).min(1).max(100).nullable(),
  layers: z
    .array(Layer)
    .min(1)
    .max(3)
    .default([...layers]),
  minutes: z.int().min(glassMinutes.min).max(glassMinutes.max).default(glassMinutes.default),
  reason: GlassReason,
});
export type GlassRequest = z.infer<typeof GlassRequest>;

export const GlassOpening = z.strictObject({
  id: GlassId,
  /** Null: every service. */
  services: z.array(ServiceName).min(1).max(100).nullable(),
  layers: z.array(Layer).min(1).max(3),
  /** Opened by that host's sealed code, and only there; null: wherever the services run. */
  host: HostName.nullable(),
  /** Milliseconds since 1970. */
  openedAt: z.number(),
  until: z.number(),
  by: z.string().min(1).max(256),
  reason: GlassReason,
  closed: z.strictObject({ at: z.number(), by: z.string().max(256) }).nullable(),
});
export type GlassOpening = z.infer<typeof GlassOpening>;

export function concerns(opening: Pick<GlassOpening, 'services'>, service: string): boolean {
  return opening.services === null || opening.services.includes(service);
}
