/** Path templates of the API layer: literal segments, `{name:type}` for one segment, `**` for the rest. */

import { canonicalPath } from '../../model/index.js';

export const parameterTypes = ['uuid', 'date', 'int', 'hex', 'slug', 'opaque'] as const;
export type ParameterType = (typeof parameterTypes)[number];

export type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'parameter'; readonly name: string; readonly type: ParameterType }
  | { readonly kind: 'rest' };

const parameter = /^\{([A-Za-z][A-Za-z0-9_]{0,63})(?::([a-z]+))?\}$/;

/** Canonical as it stands (RFC 3986, section 2.3). */
const unreserved = /^[A-Za-z0-9\-._~]*$/;

/**
 * Parses a template, or says in one clause why it is none. A literal segment has to be in canonical form already
 * (see `canonicalPath`): a template that no canonical path can equal would be a right that never applies.
 */
export function parseTemplate(template: string): readonly Segment[] | string {
  if (!template.startsWith('/')) return 'does not start with `/`';
  const parts = template.slice(1).split('/');
  if (parts.length > 64) return 'has more than 64 segments';
  const names = new Set<string>();
  const segments: Segment[] = [];
  for (const [index, part] of parts.entries()) {
    if (part === '**') {
      if (index !== parts.length - 1) return 'has `**` before its last segment';
      segments.push({ kind: 'rest' });
      continue;
    }
    if (part.startsWith('{')) {
      const match = parameter.exec(part);
      if (match === null) return `has a broken parameter \`${part}\``;
      const name = match[1] ?? '';
      const type = parameterTypes.find((known) => known === (match[2] ?? 'opaque'));
      if (type === undefined) return `has a parameter of unknown type \`${match[2] ?? ''}\``;
      if (names.has(name)) return `names the parameter \`${name}\` twice`;
      names.add(name);
      segments.push({ kind: 'parameter', name, type });
      continue;
    }
    if (part === '' && parts.length > 1 && index !== parts.length - 1) return 'has an empty segment';
    if (part === '.' || part === '..') return 'has a dot segment';
    if (part.includes('*'))
      return `has a segment \`${part}\`: write \`{name}\` for one segment, \`**\` last for the rest`;
    if (!unreserved.test(part)) {
      const canonical = canonicalPath(`/${part}`);
      if (canonical.kind === 'refused' || canonical.path !== `/${part}`)
        return `has a segment \`${part}\` that is not in canonical form`;
    }
    segments.push({ kind: 'literal', text: part });
  }
  return segments;
}

const integer = /^[0-9]{1,20}$/;
const uuid = /^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$/;
const hexadecimal = /^[0-9a-fA-F]{8,128}$/;
const date = /^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$/;
const slug = /^[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*$/;

/** Whether one path segment is of a type. All types refuse the empty segment. */
export function isOfType(type: ParameterType, text: string): boolean {
  switch (type) {
    case 'int':
      return integer.test(text);
    case 'uuid':
      return uuid.test(text);
    case 'hex':
      return hexadecimal.test(text);
    case 'date':
      return date.test(text);
    case 'slug':
      return text.length <= 128 && slug.test(text);
    case 'opaque':
      return text.length > 0;
    default:
      return type satisfies never;
  }
}

/** Rank of a segment in "most literal wins": literal, then parameters from narrow to wide, then `**`. */
export function rankOf(segment: Segment): number {
  if (segment.kind === 'literal') return 0;
  return segment.kind === 'rest' ? 9 : 1 + parameterTypes.indexOf(segment.type);
}

/**
 * How many leading segments of a path (split at its slashes) a template matches: all of them only if it matches the whole
 * path; a template that wants more than there is stays one short.
 */
export function matchedPrefix(segments: readonly Segment[], parts: readonly string[]): number {
  for (let index = 0; index < segments.length; index += 1) {
    const segment = segments[index];
    if (segment === undefined || segment.kind === 'rest') return parts.length;
    const part = parts[index];
    if (part === undefined) return parts.length - 1;
    if (segment.kind === 'literal' ? segment.text !== part : !isOfType(segment.type, part)) return index;
  }
  return segments.length;
}

/** The same from the template's text, for those that are looked at once in a while: nothing is kept of it. */
export function sharedPrefix(template: string, path: string): { readonly count: number; readonly whole: boolean } {
  let count = 0;
  let [at, from] = [1, 1];
  for (;;) {
    const end = endOf(template, at);
    const until = endOf(path, from);
    if (end - at === 2 && template.startsWith('**', at)) return { count: count + 1, whole: true };
    const same =
      template.charCodeAt(at) === 0x7b
        ? isOfType(typeIn(template, at, end), path.slice(from, until))
        : end - at === until - from && isSame(template, at, path, from, end - at);
    if (!same) return { count, whole: false };
    count += 1;
    const [over, done] = [end >= template.length, until >= path.length];
    if (done) return { count, whole: over || template.slice(end) === '/**' };
    if (over) return { count, whole: false };
    [at, from] = [end + 1, until + 1];
  }
}

function isSame(one: string, at: number, other: string, from: number, length: number): boolean {
  for (let index = 0; index < length; index += 1)
    if (one.charCodeAt(at + index) !== other.charCodeAt(from + index)) return false;
  return true;
}

function endOf(text: string, from: number): number {
  const slash = text.indexOf('/', from);
  return slash < 0 ? text.length : slash;
}

function typeIn(template: string, at: number, end: number): ParameterType {
  const colon = template.indexOf(':', at);
  if (colon < 0 || colon > end) return 'opaque';
  const name = template.slice(colon + 1, end - 1);
  return parameterTypes.find((known) => known === name) ?? 'opaque';
}

/** Whether a canonical path matches. Requests go through the trie instead; this serves explanations and checks. */
export function templateMatches(segments: readonly Segment[], path: string): boolean {
  const parts = path.slice(1).split('/');
  return matchedPrefix(segments, parts) === parts.length;
}
