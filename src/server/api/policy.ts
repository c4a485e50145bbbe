import { z } from 'zod';
import { Base, Bound } from '../../model/index.js';
import { ServiceRef, Time } from './common.js';

const kept = { digest: z.string(), by: z.string(), at: Time };

/** `GET /v1/policy`. */
export const PolicyAnswer = z.strictObject({
  bases: z.array(z.strictObject({ document: Base, ...kept })),
  /** With the services that each applies to now. */
  bounds: z.array(z.strictObject({ document: Bound, ...kept, services: z.array(ServiceRef) })),
});

/** `POST /v1/policy/bases`: a document, as YAML or JSON. */
export const BaseRequest = z.strictObject({ text: z.string().max(1 << 20) });
export const BaseAnswer = z.strictObject({ name: z.string(), version: z.int(), digest: z.string() });

/** `POST /v1/policy/bounds`. */
export const BoundRequest = z.strictObject({ text: z.string().max(1 << 20), dryRun: z.boolean().default(false) });

/** What a bound means for contracts that are in force: these clauses do not pass any more, wholly or in part. */
export const BoundAnswer = z.strictObject({
  name: z.string(),
  digest: z.string(),
  /** False with `dryRun`, and when it was in force already. */
  changed: z.boolean(),
  services: z.array(ServiceRef),
  outside: z.array(
    z.strictObject({ service: ServiceRef, clause: z.string(), section: z.string(), message: z.string() }),
  ),
});
