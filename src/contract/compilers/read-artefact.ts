/** Files of compilers, read back: whatever is not known in them is an error, never ignored. */
import type { z } from 'zod';
import { messageOf, printable } from '../../base/index.js';
import { ContractError } from '../error.js';
import { readDocument } from '../read-document.js';
import { shapeProblems } from '../shape-problems.js';
import type { Artefact } from './target.js';

export function artefactProblem(file: string, line: number | undefined, what: string, cause?: unknown): ContractError {
  const at = line === undefined ? '' : ` line ${line}`;
  return new ContractError('contract-artefact', printable(`\`${file}\`${at}: ${what}`, 1_024), {
    cause,
    hint: 'make the file anew with `tricordon contract compile`',
  });
}

/** The one artefact whose name ends so. @throws ContractError `contract-artefact` when there is none, or two */
export function artefactNamed(artefacts: readonly Artefact[], ending: string): Artefact {
  const [found, second] = artefacts.filter(({ file }) => file.endsWith(ending));
  if (found === undefined || second !== undefined)
    throw artefactProblem(`*${ending}`, undefined, found === undefined ? 'there is none' : 'there are two of them');
  return found;
}

/** YAML or JSON (`json`: JSON alone) of one shape. @throws ContractError `contract-artefact` */
export function readShape<T>({ file, text }: Artefact, schema: z.ZodType<T>, json = false): T {
  try {
    if (json) JSON.parse(text);
    const { value, position } = readDocument(text, file);
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const [first] = shapeProblems(schema, value, parsed.error);
    const line = /^line (\d+)/.exec(position(first?.path ?? []) ?? '')?.[1];
    throw artefactProblem(file, line === undefined ? undefined : Number(line), first?.text ?? 'has another shape');
  } catch (error) {
    if (error instanceof ContractError && error.code === 'contract-artefact') throw error;
    throw artefactProblem(file, undefined, messageOf(error), error);
  }
}
