/** Reads a contract, a base or a bound from YAML or JSON that anyone may have written. */
import type { z } from 'zod';
import { printable } from '../base/index.js';
import { Base, Bound, Contract } from '../model/index.js';
import { type Checked, checkContract, type ContractProblem } from './check.js';
import { clausesOf } from './clauses.js';
import { ContractError } from './error.js';
import { nearestName } from './nearest-name.js';
import { type ReadDocument, readDocument } from './read-document.js';
import { shapeProblems } from './shape-problems.js';
import { ContractTests } from './trial/tests-document.js';

export type ContractDocument = Contract | Base | Bound;

const schemas = { Contract, Base, Bound } as const;

/**
 * Strict (see `readDocument`), and no unknown keys. `file` is only for messages; each names the line and column, what was
 * found and what was expected.
 *
 * @throws ContractError
 */
export function parseContract(text: string, file = 'contract'): Contract {
  return held(Contract, readDocument(text, file), file);
}

/** Whatever its `kind` says it is; tests are none of it (`contract-shape`). @throws ContractError */
export function parseContractDocument(text: string, file: string, maxBytes?: number): ContractDocument {
  return documentOf(readDocument(text, file, maxBytes), file);
}

/** A file as it may lie among contracts: one of them, or a table of tests. @throws ContractError */
export function parsePolicyFile(text: string, file: string, maxBytes?: number): ContractDocument | ContractTests {
  const read = readDocument(text, file, maxBytes);
  return kindOf(read.value) === 'ContractTests' ? shaped(ContractTests, read, file) : documentOf(read, file);
}

function kindOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
}

function documentOf(read: ReadDocument, file: string): ContractDocument {
  const kind = kindOf(read.value);
  if (kind === 'Base') return held(schemas.Base, read, file);
  if (kind === 'Bound') return held(schemas.Bound, read, file);
  if (kind === 'Contract' || kind === undefined) return held(schemas.Contract, read, file);
  const meant = typeof kind === 'string' ? nearestName(kind, Object.keys(schemas)) : undefined;
  const hint = meant === undefined ? '' : `; did you mean \`${meant}\`?`;
  const found = typeof kind === 'string' ? `\`${printable(kind, 64)}\`` : 'something else';
  throw new ContractError(
    'contract-shape',
    `${where(file, read, ['kind'])}: \`kind\`: expected one of \`Contract\`, \`Base\`, \`Bound\`, found ${found}${hint}`,
    { hint: 'see docs/guide/contracts.md' },
  );
}

function shaped<D>(schema: z.ZodType<D>, read: ReadDocument, file: string): D {
  const parsed = schema.safeParse(read.value);
  if (!parsed.success) {
    const problems = shapeProblems(schema, read.value, parsed.error).slice(0, 10);
    throw new ContractError(
      'contract-shape',
      problems.map(({ path, text }) => `${where(file, read, path)}: ${text}`).join('\n'),
      { hint: 'see docs/guide/contracts.md' },
    );
  }
  return parsed.data;
}

function held<D extends Checked>(schema: z.ZodType<D>, read: ReadDocument, file: string): D {
  const document = shaped(schema, read, file);
  const wrong = [...checkContract(document), ...ofBases(document)].filter(({ level }) => level === 'error');
  if (wrong.length > 0) {
    throw new ContractError(
      'contract-meaning',
      wrong
        .slice(0, 10)
        .map((problem) => `${where(file, read, pathOfClause(read.value, problem.clause))}: ${problem.message}`)
        .join('\n'),
      { hint: 'see docs/guide/contracts.md' },
    );
  }
  return document;
}

/** Such names are given to clauses of bases, which nobody can take. */
function ofBases(document: Checked): readonly ContractProblem[] {
  const ids = [
    ...clausesOf(document).map(({ clause }) => clause.id),
    ...(document.exceptions ?? []).map(({ id }) => id),
  ];
  return ids
    .filter((id) => id.includes('/'))
    .map((clause) => ({
      level: 'error',
      clause,
      message: `clause \`${clause}\` has a \`/\` in its name, as those of bases have`,
    }));
}

function where(file: string, read: ReadDocument, path: readonly PropertyKey[]): string {
  const position = read.position(path);
  return `\`${printable(file)}\`${position === undefined ? '' : ` ${position}`}`;
}

/** Where the last clause of this id stands: of two with one id, the second is the one too many. Else the section so called. */
function pathOfClause(value: unknown, id: string): readonly PropertyKey[] {
  let found: readonly PropertyKey[] = id.split('.');
  const look = (at: unknown, path: readonly PropertyKey[]): void => {
    if (typeof at !== 'object' || at === null || path.length > 6) return;
    if (!Array.isArray(at) && 'id' in at && at.id === id) found = path;
    for (const [key, member] of Object.entries(at)) look(member, [...path, Array.isArray(at) ? Number(key) : key]);
  };
  look(value, []);
  return found;
}
