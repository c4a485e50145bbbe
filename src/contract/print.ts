import { Document, isScalar, Scalar, visit } from 'yaml';
import { Contract } from '../model/index.js';
import type { PlacedClause } from './clauses.js';

/** Shown, they would make a path read as another one, or move a cursor; YAML itself writes only C0 controls as escapes. */
const deceptive = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/**
 * A contract as YAML, keys in the schema's order, one clause per line: what a person reviews and `parseContract`
 * reads back to the same value.
 */
export function printContract(contract: Contract): string {
  // Parsing orders the keys as the schema declares them.
  return print(Contract.parse(contract));
}

/** One clause as it stands in the printed contract, without the indentation. */
export function printClause(clause: PlacedClause['clause']): string {
  return print(clause).trimEnd();
}

function print(value: unknown): string {
  const document = new Document(value, { version: '1.2', schema: 'core', aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_key, node) => {
      // Only here can they stand as escapes.
      if (isScalar(node) && typeof node.value === 'string' && node.value.search(deceptive) >= 0)
        node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return document
    .toString({ collectionStyle: 'any', lineWidth: 0 })
    .replace(deceptive, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
