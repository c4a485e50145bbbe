/** The part of a Compose file that is written here. */
import { z } from 'zod';
import { plainPathText } from '../container/settings.js';

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/);
const path = z.string().regex(plainPathText);

export const ComposeService = z.strictObject({
  user: z
    .string()
    .regex(/^\d+(:\d+)?$/)
    .optional(),
  read_only: z.literal(true).optional(),
  security_opt: z
    .array(z.string().regex(/^(no-new-privileges:true|seccomp:\.\/[A-Za-z0-9][A-Za-z0-9_.-]*)$/))
    .optional(),
  cap_drop: z.tuple([z.literal('ALL')]).optional(),
  cap_add: z.array(z.string().regex(/^(?!ALL$)[A-Z][A-Z_]+$/)).optional(),
  cpus: z
    .string()
    .regex(/^\d+(\.\d+)?$/)
    .optional(),
  mem_limit: z.int().min(1).optional(),
  memswap_limit: z.int().min(1).optional(),
  pids_limit: z.int().min(1).optional(),
  tmpfs: z.array(z.string().regex(/^\/[A-Za-z0-9._@+/-]+:(rw,mode=1777|ro)$/)).optional(),
  volumes: z
    .array(
      z.strictObject({ type: z.literal('volume'), source: name, target: path, read_only: z.literal(true).optional() }),
    )
    .optional(),
  network_mode: z.literal('none').optional(),
});
export type ComposeService = z.infer<typeof ComposeService>;

export const ComposeFile = z.strictObject({
  services: z.record(name, ComposeService),
  volumes: z.record(name, z.strictObject({})).optional(),
});
export type ComposeFile = z.infer<typeof ComposeFile>;
