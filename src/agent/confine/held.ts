/** What the launcher says of the rules it laid on the command, just before it becomes the command. */
import { z } from 'zod';

export const HeldRules = z.strictObject({
  /** The contract version that the rules were made from, and the digest of its runtime part (`runtimeDigest`). */
  version: z.int().min(0),
  rules: z.string().max(128),
  /** The version of the kernel's interface; 0: this kernel has none, and nothing is refused. */
  landlock: z.int().min(0).max(1_000),
  gaps: z.array(z.strictObject({ what: z.string().max(2_048), fix: z.string().max(256).nullable() })).max(64),
});
export type HeldRules = z.infer<typeof HeldRules>;

/** The descriptor over which `run` hands the launcher a contract version and hears back what is held. */
export const contractDescriptor = 3;
