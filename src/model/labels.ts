/** Labels of services, in the syntax of Kubernetes labels, and what a limited role asks of them. */
import { z } from 'zod';

export const labelCount = 32;
const word = '[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?';

/** A name of 1 to 63 characters, after a DNS name and `/` where somebody else gives it. */
export const LabelKey = z
  .string()
  .regex(
    new RegExp(`^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?${word}$`),
    'a label is 1 to 63 of A-Z, a-z, 0-9, `-`, `_` and `.`, not at the ends; before it a DNS name and `/` if need be',
  );
export const LabelValue = z
  .string()
  .regex(new RegExp(`^${word}$`), 'a value is 1 to 63 of A-Z, a-z, 0-9, `-`, `_` and `.`, not at the ends');

/** Label to value; each label once. */
export const Labels = z
  .record(LabelKey, LabelValue)
  .refine((labels) => Object.keys(labels).length <= labelCount, `at most ${labelCount} labels`);
export type Labels = Readonly<z.infer<typeof Labels>>;

/** A role that counts only for services with these labels; which roles there are is the control plane's business. */
export const Grant = z.strictObject({
  role: z.string(),
  where: Labels.refine((where) => Object.keys(where).length > 0, 'say at least one label'),
});
export type Grant = z.infer<typeof Grant>;

/** All that is asked for is there; nothing asked for is everything. */
export function matches(where: Labels, labels: Labels): boolean {
  return Object.entries(where).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value);
}

export function sameLabels(one: Labels, other: Labels): boolean {
  return Object.keys(one).length === Object.keys(other).length && matches(one, other);
}

/** `key=value, key=value`, sorted. */
export function labelText(labels: Labels): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(', ');
}
