/** Files that go beside contracts: as strict as those, with the same sentences. */
import type { z } from 'zod';
import { printable } from '../../base/index.js';
import { ContractError } from '../error.js';
import { readDocument } from '../read-document.js';
import { shapeProblems } from '../shape-problems.js';

/** @throws ContractError `contract-too-large`, `contract-syntax`, `contract-shape` */
export function readSettings<T>(schema: z.ZodType<T>, text: string, file: string): T {
  const read = readDocument(text, file);
  const parsed = schema.safeParse(read.value);
  if (parsed.success) return parsed.data;
  const problems = shapeProblems(schema, read.value, parsed.error).slice(0, 10);
  const where = (path: readonly PropertyKey[]) => {
    const position = read.position(path);
    return `\`${printable(file)}\`${position === undefined ? '' : ` ${position}`}`;
  };
  throw new ContractError(
    'contract-shape',
    problems.map((problem) => `${where(problem.path)}: ${problem.text}`).join('\n'),
    { hint: 'see docs/guide/contracts.md' },
  );
}
