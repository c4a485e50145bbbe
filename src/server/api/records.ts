import { z } from 'zod';
import { Layer, Observation, ServiceName } from '../../model/index.js';
import { Time } from './common.js';

/** `GET /v1/observations`: newest first, or with `after` in order of arrival, to follow. */
export const ObservationsQuery = z.strictObject({
  service: ServiceName.optional(),
  layer: Layer.optional(),
  kind: z.string().max(32).optional(),
  since: z.coerce.number().optional(),
  until: z.coerce.number().optional(),
  /** A cursor from an earlier answer; the answer then comes oldest first. */
  after: z
    .string()
    .regex(/^[0-9]{1,16}\.[0-9]{1,16}$/)
    .optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
});
export const ObservationsAnswer = z.strictObject({
  observations: z.array(Observation),
  /** Give it as `after` to go on from here. */
  cursor: z.string(),
});

/** One event of `GET /v1/stream?topics=incidents,actions,...`: the name is the topic, the data is this. */
export const streamTopics = [
  'incidents',
  'actions',
  'contracts',
  'coverage',
  'workloads',
  'evidence',
  'glass',
] as const;
export const StreamEvent = z.strictObject({
  topic: z.enum(streamTopics),
  /** What changed: an incident's id, a service's name, a host's name. Fetch it anew. */
  subject: z.string(),
  change: z.string(),
  at: Time,
});
