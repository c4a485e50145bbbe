import { z } from 'zod';
import { GlassOpening, GlassReason, glassMinutes, HostName, Layer, layers, ServiceName } from '../../model/index.js';
import { Time } from './common.js';

/** `POST /v1/glass`. */
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
/** `GET /v1/glass`: newest first, what is open now on top. */
export const GlassAnswer = z.strictObject({
  now: Time,
  open: z.array(GlassOpening),
  past: z.array(GlassOpening),
  /** Messages that could not be sent since the control plane started. */
  unsent: z.int(),
});
/** `POST /v1/hosts/HOST/glass-code`: shown once. */
export const GlassCode = z.strictObject({ host: HostName, code: z.string() });
