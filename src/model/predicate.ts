/** What a contract asks of a value: of an attribute of an identity, or of a claim of a verified user. */
import { z } from 'zod';

export const Scalar = z.union([z.string().max(512), z.number(), z.boolean()]);
export type Scalar = z.infer<typeof Scalar>;

const Scalars = z.array(Scalar).min(1).max(1_000);

/**
 * A value alone means `equals`. `contains` looks into a list, or into the words of a text as OAuth writes scopes
 * (RFC 6749, section 3.3). Of several, all hold. A value that is missing satisfies `exists: false` and nothing else.
 */
export const Predicate = z.union([
  Scalar,
  z
    .strictObject({
      equals: Scalar.optional(),
      in: Scalars.optional(),
      notIn: Scalars.optional(),
      contains: Scalar.optional(),
      exists: z.boolean().optional(),
    })
    .refine((asked) => Object.keys(asked).length > 0, 'asks nothing: say equals, in, notIn, contains or exists'),
]);
export type Predicate = z.infer<typeof Predicate>;

/** Dotted, as in `image.signer`; labels of the service are `label.NAME`. */
export const AttributeName = z
  .string()
  .max(128)
  .regex(/^[a-z][A-Za-z0-9]*([._/-][A-Za-z0-9]+)*$/, 'an attribute is written like `environment` or `image.signer`');

/** All of it holds. */
export const Selector = z
  .record(AttributeName, Predicate)
  .refine((asked) => Object.keys(asked).length > 0, 'asks nothing: name at least one attribute')
  .refine((asked) => Object.keys(asked).length <= 32, 'asks for more than 32 attributes');
export type Selector = z.infer<typeof Selector>;

/** A claim by its name, or by the way to it through objects: `realm_access.roles`. */
export const ClaimName = z.string().min(1).max(256);

/** An attribute or claim as it was proved. */
export type Value = Scalar | null | readonly Value[] | { readonly [name: string]: Value };

export function isSatisfied(predicate: Predicate, value: Value | undefined): boolean {
  if (typeof predicate !== 'object') return value !== undefined && isSame(predicate, value);
  const { exists, equals, in: among, notIn, contains } = predicate;
  const there = value !== undefined && value !== null;
  if (exists !== undefined && exists !== there) return false;
  if (!there) return equals === undefined && among === undefined && notIn === undefined && contains === undefined;
  if (equals !== undefined && !isSame(equals, value)) return false;
  if (among !== undefined && !among.some((one) => isSame(one, value))) return false;
  if (notIn?.some((one) => isSame(one, value)) === true) return false;
  return contains === undefined || holds(value, contains);
}

/** `equals admin`, `in a, b`, `exists`: for sentences. */
export function predicateText(predicate: Predicate): string {
  if (typeof predicate !== 'object') return String(predicate);
  const { exists, equals, in: among, notIn, contains } = predicate;
  return [
    ...(exists === undefined ? [] : [exists ? 'given' : 'not given']),
    ...(equals === undefined ? [] : [String(equals)]),
    ...(among === undefined ? [] : [`one of ${among.join(', ')}`]),
    ...(notIn === undefined ? [] : [`none of ${notIn.join(', ')}`]),
    ...(contains === undefined ? [] : [`with ${contains}`]),
  ].join(' and ');
}

/** Types count: `1` and `"1"` differ. */
function isSame(one: Scalar, other: Value): boolean {
  return one === other;
}

function holds(value: Value, wanted: Scalar): boolean {
  if (Array.isArray(value)) return value.some((one: Value) => isSame(wanted, one));
  return typeof value === 'string' && typeof wanted === 'string' && value.split(' ').includes(wanted);
}
