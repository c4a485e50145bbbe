/** What a schema has against a document, in sentences: where, what was found, what was expected, what was meant. */
import { z } from 'zod';
import { printable } from '../base/index.js';
import { nearestName } from './nearest-name.js';

export interface ShapeProblem {
  readonly path: readonly PropertyKey[];
  readonly text: string;
}

export function shapeProblems(schema: z.core.$ZodType, value: unknown, error: z.ZodError): ShapeProblem[] {
  return error.issues.flatMap((issue) => describe(schema, value, issue, []));
}

function describe(
  schema: z.core.$ZodType,
  value: unknown,
  issue: z.core.$ZodIssue,
  parent: readonly PropertyKey[],
): ShapeProblem[] {
  const path = [...parent, ...issue.path];
  const at = path.length === 0 ? 'the document' : `\`${printable(pathText(path))}\``;
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, path);
    return issue.keys.map((key) => {
      const meant = nearestName(key, known);
      const hint = meant === undefined ? `known are ${known.join(', ')}` : `did you mean \`${meant}\`?`;
      return { path: [...path, key], text: `${at} does not know the key \`${printable(key, 64)}\`; ${hint}` };
    });
  }
  const given = valueAt(value, path);
  if (issue.code === 'invalid_union') {
    // Only where one option is clearly the meant one are its own complaints of use.
    const [best, second] = [...issue.errors].sort((left, right) => left.length - right.length);
    if (best?.length === 1 && (second?.length ?? 2) > 1)
      return best.flatMap((inner) => describe(schema, value, inner, path));
    if (given === undefined) return [{ path, text: `${at} is missing` }];
    // Of options of which one alone takes such a value at all, that one was meant.
    const meant = issue.errors.filter((inner) => !inner.some(isOtherType));
    const [only] = meant;
    if (meant.length === 1 && only !== undefined) return only.flatMap((inner) => describe(schema, value, inner, path));
    const keys = knownKeys(schema, path);
    if (keys.length > 0 && typeof given === 'object')
      return [{ path, text: `${at} gives exactly one of ${keys.join(', ')}; found ${found(given)}` }];
    return [{ path, text: `${at}: ${printable(issue.message)}; found ${found(given)}` }];
  }
  if (issue.code === 'invalid_value') {
    const wanted = issue.values.map((one) => `\`${String(one)}\``).join(', ');
    const meant =
      typeof given === 'string' && issue.values.length > 1 ? nearestName(given, issue.values.map(String)) : undefined;
    const hint = meant === undefined ? '' : `; did you mean \`${meant}\`?`;
    return [
      {
        path,
        text: `${at}: expected ${issue.values.length > 1 ? 'one of ' : ''}${wanted}, found ${found(given)}${hint}`,
      },
    ];
  }
  if (issue.code === 'invalid_type') {
    if (given === undefined) return [{ path, text: `${at} is missing; expected ${typeName(issue.expected)}` }];
    return [{ path, text: `${at}: expected ${typeName(issue.expected)}, found ${found(given)}` }];
  }
  return [{ path, text: `${at}: ${printable(issue.message)}; found ${found(given)}` }];
}

function isOtherType({ code, path }: z.core.$ZodIssue): boolean {
  return path.length === 0 && (code === 'invalid_type' || code === 'invalid_value');
}

function pathText(path: readonly PropertyKey[]): string {
  return path.map(String).join('.');
}

function typeName(expected: string): string {
  return (
    { string: 'text', array: 'a list', object: 'keys with values', record: 'keys with values', int: 'a whole number' }[
      expected
    ] ?? `a ${expected}`
  );
}

function found(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'an empty value';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') {
    const keys = Object.keys(value);
    return keys.length === 0 ? 'no key' : `the keys ${printable(keys.slice(0, 8).join(', '), 128)}`;
  }
  return typeof value === 'string' ? `\`${printable(value, 64)}\`` : `\`${String(value)}\``;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return at;
}

/** The keys the schema knows at a place; for a union those of all its options. */
export function knownKeys(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  if (schema instanceof z.ZodOptional) return knownKeys(schema.unwrap(), path);
  if (schema instanceof z.ZodArray) return knownKeys(schema.element, path.slice(1));
  if (schema instanceof z.ZodRecord) return path.length === 0 ? [] : knownKeys(schema.valueType, path.slice(1));
  if (schema instanceof z.ZodUnion) {
    return [...new Set(schema.options.flatMap((option: z.core.$ZodType) => knownKeys(option, path)))];
  }
  if (!(schema instanceof z.ZodObject)) return [];
  const [key, ...rest] = path;
  if (key === undefined) return Object.keys(schema.shape);
  const inner: unknown = schema.shape[String(key)];
  return inner instanceof z.core.$ZodType ? knownKeys(inner, rest) : [];
}
