/** What a clause asks of the user whose token came with the request. Verifying the token is the data plane's part. */
import { isSatisfied, type Predicate, predicateText, type User, type Value } from '../../model/index.js';
import type { Predicate as Described } from './nearest.js';
import type { Proved } from './selector.js';

/** Claims of a verified token; undefined or null: there was none. */
export type Claims = Proved;

/** undefined: nothing is asked. A claim that is missing satisfies nothing but `exists: false`. */
export function userTest(user: User | undefined): ((claims: Claims | null | undefined) => boolean) | undefined {
  if (user === undefined || user === 'none') return undefined;
  const asked = askedOf(user);
  return (claims) =>
    claims !== undefined &&
    claims !== null &&
    asked.every(([name, predicate]) => isSatisfied(predicate, claimOf(claims, name)));
}

/** Each demand with what was found, for explanations. */
export function userPredicates(user: User | undefined, claims: Claims | null | undefined): readonly Described[] {
  if (user === undefined || user === 'none') return [];
  if (claims === undefined || claims === null) {
    return [{ name: 'user', reason: 'claim-missing', holds: false, wanted: 'a verified user', got: 'none' }];
  }
  return askedOf(user).map(([name, predicate]) => {
    const value = claimOf(claims, name);
    return {
      name: `user.${name}`,
      reason: value === undefined ? 'claim-missing' : 'claim-value',
      holds: isSatisfied(predicate, value),
      wanted: predicateText(predicate),
      got: valueText(value),
    };
  });
}

/** A claim by its whole name, else by the way to it through objects; own members alone. */
export function claimOf(claims: Claims, name: string): Value | undefined {
  const whole = own(claims, name);
  if (whole !== undefined || !name.includes('.')) return whole;
  let at: Value | undefined = claims;
  for (const part of name.split('.')) {
    if (typeof at !== 'object' || at === null || Array.isArray(at)) return undefined;
    at = own(at as Claims, part);
  }
  return at;
}

export function valueText(value: Value | undefined): string {
  if (value === undefined || value === null) return 'nothing';
  return typeof value === 'object' ? JSON.stringify(value).slice(0, 256) : String(value);
}

function askedOf(user: Exclude<User, 'none'>): readonly (readonly [string, Predicate])[] {
  const issuer: readonly (readonly [string, Predicate])[] = user.issuer === undefined ? [] : [['iss', user.issuer]];
  return [...issuer, ...Object.entries(user.claims ?? {})];
}

function own(values: Claims, name: string): Value | undefined {
  return Object.hasOwn(values, name) ? (values[name] ?? undefined) : undefined;
}
