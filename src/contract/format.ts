/** A document in one order and style, comments and flow style kept: what people commit. */
import { isMap, isPair, isScalar, isSeq, parseDocument, type Scalar } from 'yaml';
import type { z } from 'zod';
import { Base, Bound, Contract } from '../model/index.js';
import { parseContractDocument } from './parse.js';
import { knownKeys } from './shape-problems.js';

const schemas = { Contract, Base, Bound } as const;

/**
 * Keys in the order of the schema, two spaces, lists indented, no longer lines than they were. It reads back to the same
 * value, and formatted again it stays as it is.
 *
 * @throws ContractError for what is no contract, base or bound
 */
export function formatDocument(text: string, file: string): string {
  const { kind } = parseContractDocument(text, file);
  const document = parseDocument(text, { version: '1.2', schema: 'core', keepSourceTokens: false });
  const { contents } = document;
  const first = isMap(contents) ? contents.items[0]?.key : undefined;
  if (isMap(contents) && isScalar(first) && typeof first.commentBefore === 'string') {
    // What stands above everything is about the file, not about the key that happened to come first.
    contents.commentBefore = first.commentBefore;
    first.commentBefore = null;
  }
  arrange(contents, schemas[kind], []);
  return document.toString({ lineWidth: 0, indent: 2, indentSeq: true, flowCollectionPadding: true });
}

function arrange(node: unknown, schema: z.core.$ZodType, path: readonly PropertyKey[]): void {
  if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) arrange(item, schema, [...path, index]);
    return;
  }
  if (!isMap(node)) return;
  const order = knownKeys(schema, path);
  const rank = (key: string) => {
    const at = order.indexOf(key);
    return at < 0 ? order.length : at;
  };
  node.items.sort((one, other) => rank(nameOf(one.key)) - rank(nameOf(other.key)));
  for (const pair of node.items) if (isPair(pair)) arrange(pair.value, schema, [...path, nameOf(pair.key)]);
}

function nameOf(key: unknown): string {
  return isScalar(key) ? String((key as Scalar).value) : '';
}
