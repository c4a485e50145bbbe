import { createHash } from 'node:crypto';
import type { Base, Bound, Contract } from '../model/index.js';
import { ContractError } from './error.js';

/** SHA-256 over the canonical JSON of a contract: `sha256:` and 64 hex digits. Key order and layout do not change it. */
export function contractDigest(contract: Contract): string {
  return documentDigest(contract);
}

/** The same of a base or a bound. */
export function documentDigest(document: Contract | Base | Bound): string {
  return `sha256:${createHash('sha256').update(canonicalJson(document), 'utf8').digest('hex')}`;
}

/**
 * Canonical JSON (RFC 8785): members sorted by UTF-16 code units, numbers as ECMAScript writes them, no white space.
 * Members that are undefined are left out, as JSON does.
 *
 * @throws ContractError `contract-meaning` for text with a lone surrogate (RFC 8785, section 3.2.2.2) or a number
 * that JSON cannot say.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') return text(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new ContractError('contract-meaning', `JSON has no number ${value}`);
    return JSON.stringify(value);
  }
  if (value === null || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (typeof value !== 'object')
    throw new ContractError('contract-meaning', `JSON has no value of type ${typeof value}`);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, member]) => `${text(key)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}

function text(value: string): string {
  if (/\p{Surrogate}/u.test(value)) throw new ContractError('contract-meaning', 'text holds a lone surrogate');
  return JSON.stringify(value);
}
