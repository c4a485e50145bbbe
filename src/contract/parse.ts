/** Reads a contract from YAML or JSON that anyone may have written. */
import { type Document, isAlias, isNode, LineCounter, parseDocument, visit } from 'yaml';
import { z } from 'zod';
import { messageOf, printable } from '../base/index.js';
import { Contract } from '../model/index.js';
import { checkContract } from './check.js';
import { ContractError } from './error.js';
import { nearestName } from './nearest-name.js';

const maxBytes = 512 * 1_024;
const maxDepth = 32;

/**
 * Strict: one document, no anchors, aliases or tags of its own, no duplicate or unknown keys, at most 512 KiB and 32
 * levels. `file` is only for messages.
 *
 * @throws ContractError with the line where that is known.
 */
export function parseContract(text: string, file = 'contract'): Contract {
  if (text.length > maxBytes) {
    throw new ContractError('contract-too-large', `\`${printable(file)}\` is larger than 512 KiB`);
  }
  refuseDeep(text, file);
  const lines = new LineCounter();
  const document = readDocument(text, file, lines);
  const parsed = Contract.safeParse(document.toJS({ maxAliasCount: 0 }));
  if (!parsed.success) {
    const problems = parsed.error.issues.flatMap((issue) => describe(issue, [])).slice(0, 10);
    throw new ContractError(
      'contract-shape',
      problems.map(({ path, text }) => `${where(file, document, lines, path)}: ${text}`).join('\n'),
      { hint: 'see docs/guide/contracts.md' },
    );
  }
  const wrong = checkContract(parsed.data).filter((problem) => problem.level === 'error');
  if (wrong.length > 0) {
    throw new ContractError(
      'contract-meaning',
      wrong.map((problem) => `\`${printable(file)}\`: ${problem.message}`).join('\n'),
      { hint: 'see docs/guide/contracts.md' },
    );
  }
  return parsed.data;
}

function readDocument(text: string, file: string, lines: LineCounter): Document {
  let document: Document;
  try {
    document = parseDocument(text, { version: '1.2', schema: 'core', uniqueKeys: true, lineCounter: lines });
  } catch (error) {
    throw syntax(file, messageOf(error), error);
  }
  const [first] = [...document.errors, ...document.warnings];
  if (first !== undefined) throw syntax(file, printable(first.message.split('\n')[0] ?? ''), first);
  visit(document, {
    Alias: () => {
      throw syntax(file, 'holds an alias');
    },
    Node: (_, node) => {
      if (!isAlias(node) && 'anchor' in node && node.anchor !== undefined) throw syntax(file, 'holds an anchor');
      if (node.tag?.startsWith('!') === true) throw syntax(file, 'holds a tag');
    },
  });
  return document;
}

function syntax(file: string, what: string, cause?: unknown): ContractError {
  return new ContractError('contract-syntax', `\`${printable(file)}\`: ${what}`, {
    cause,
    hint: 'write plain YAML or JSON: one document without anchors, aliases or tags',
  });
}

/** Before the parser, which descends by recursion, sees it. Brackets in quoted text count too: that errs to "no". */
function refuseDeep(text: string, file: string): void {
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charCodeAt(index);
    if (char === 0x5b || char === 0x7b) depth += 1;
    else if ((char === 0x5d || char === 0x7d) && depth > 0) depth -= 1;
    if (depth > maxDepth) throw tooDeep(file);
  }
  for (const line of text.split(/[\r\n]/)) {
    const lead = /^[ \t]*(?:[-?:][ \t]+)*/.exec(line)?.[0] ?? '';
    if (lead.replace(/[^-?:]/g, '').length > maxDepth || lead.length > 256) throw tooDeep(file);
  }
}

function tooDeep(file: string): ContractError {
  return new ContractError('contract-too-large', `\`${printable(file)}\` is nested deeper than ${maxDepth} levels`);
}

interface Problem {
  readonly path: readonly PropertyKey[];
  readonly text: string;
}

function describe(issue: z.core.$ZodIssue, parent: readonly PropertyKey[]): Problem[] {
  const path = [...parent, ...issue.path];
  const at = path.length === 0 ? 'the contract' : `\`${printable(path.join('.'))}\``;
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(Contract, path);
    return issue.keys.map((key) => {
      const meant = nearestName(key, known);
      const hint = meant === undefined ? `known are ${known.join(', ')}` : `did you mean \`${meant}\``;
      return { path: [...path, key], text: `${at} does not know the key \`${printable(key, 64)}\`; ${hint}` };
    });
  }
  if (issue.code === 'invalid_union') {
    // Only where one option is clearly the meant one are its own complaints of use.
    const [best, second] = [...issue.errors].sort((left, right) => left.length - right.length);
    if (best?.length === 1 && (second?.length ?? 2) > 1) return best.flatMap((inner) => describe(inner, path));
    return [{ path, text: `${at} gives exactly one of ${knownKeys(Contract, path).join(', ')}` }];
  }
  return [{ path, text: `${at}: ${printable(issue.message)}` }];
}

/** The keys the schema knows at a place; for a union those of all its options. */
function knownKeys(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  if (schema instanceof z.ZodOptional) return knownKeys(schema.unwrap(), path);
  if (schema instanceof z.ZodArray) return knownKeys(schema.element, path.slice(1));
  if (schema instanceof z.ZodUnion) {
    return [...new Set(schema.options.flatMap((option: z.core.$ZodType) => knownKeys(option, path)))];
  }
  if (!(schema instanceof z.ZodObject)) return [];
  const [key, ...rest] = path;
  if (key === undefined) return Object.keys(schema.shape);
  const inner: unknown = schema.shape[String(key)];
  return inner instanceof z.core.$ZodType ? knownKeys(inner, rest) : [];
}

function where(file: string, document: Document, lines: LineCounter, path: readonly PropertyKey[]): string {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return `\`${printable(file)}\` line ${lines.linePos(node.range[0]).line}`;
  }
  return `\`${printable(file)}\``;
}
