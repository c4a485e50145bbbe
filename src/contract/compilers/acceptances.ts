/** Losses that somebody answers for, until a day. */
import { z } from 'zod';
import { type Contract, Moment } from '../../model/index.js';
import { momentOf } from '../compile/moment.js';
import { readSettings } from './read-settings.js';
import type { Diagnostic } from './target.js';

/** Either a clause, as diagnostics name it, or a whole section. */
const shape = (targets: readonly string[]) =>
  z
    .strictObject({
      clause: z
        .string()
        .max(130)
        .regex(/^[a-z0-9][a-z0-9._/-]*$/, 'not the id of a clause')
        .optional(),
      section: z
        .string()
        .max(128)
        .regex(/^[a-z][a-zA-Z0-9.-]*$/, 'a section is written runtime.files')
        .optional(),
      target: z.enum(targets),
      owner: z.string().min(1).max(128),
      reason: z.string().min(1).max(1_024),
      until: Moment.refine((text) => !Number.isNaN(momentOf(text)), 'the calendar does not have this day'),
    })
    .refine(({ clause, section }) => (clause === undefined) !== (section === undefined), {
      message: 'names exactly one of `clause` and `section`',
    });
export type Acceptance = z.infer<ReturnType<typeof shape>>;

/** @throws ContractError naming file, line and column */
export function parseAcceptances(text: string, file: string, targets: readonly string[]): readonly Acceptance[] {
  const schema = z.strictObject({ acceptances: z.array(shape(targets)).max(10_000) });
  return readSettings(schema, text, file).acceptances;
}

export interface Reckoning {
  /** Impossible where the layer enforces, and nobody answers for it. */
  readonly refused: readonly Diagnostic[];
  readonly accepted: readonly { readonly diagnostic: Diagnostic; readonly by: Acceptance }[];
  /** Would have counted, and ended. */
  readonly ended: readonly Acceptance[];
}

export function reckon(
  contract: Contract,
  diagnostics: readonly Diagnostic[],
  acceptances: readonly Acceptance[],
  at: number,
): Reckoning {
  const refused: Diagnostic[] = [];
  const accepted: { diagnostic: Diagnostic; by: Acceptance }[] = [];
  const ended = new Set<Acceptance>();
  for (const diagnostic of diagnostics) {
    if (diagnostic.level !== 'impossible' || !isEnforced(contract, diagnostic)) continue;
    const about = acceptances.filter((one) => covers(one, diagnostic));
    const good = about.find(({ until }) => at < momentOf(until));
    if (good === undefined) {
      refused.push(diagnostic);
      for (const one of about) ended.add(one);
    } else accepted.push({ diagnostic, by: good });
  }
  return { refused, accepted, ended: [...ended] };
}

function covers({ clause, section, target }: Acceptance, diagnostic: Diagnostic): boolean {
  if (target !== diagnostic.target) return false;
  return clause === undefined ? section === diagnostic.section : clause === diagnostic.clause;
}

function isEnforced({ mode, deny }: Contract, { section, clause }: Diagnostic): boolean {
  const layer = section === 'deny' ? deny?.find(({ id }) => id === clause)?.layer : section.split('.')[0];
  if (layer === 'runtime' || layer === 'network' || layer === 'api') return mode[layer] === 'enforce';
  // A bound, or what is not known: held to be enforced if anything is.
  return Object.values(mode).includes('enforce');
}
