import { z } from 'zod';
import { GlassOpening, HostName } from '../../model/index.js';
import { Time } from './common.js';

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
