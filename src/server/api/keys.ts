import { z } from 'zod';

/** `POST /v1/keys/people/rotate`. */
export const PeopleKeyRotated = z.strictObject({
  /** Second factors that are sealed under the new key. */
  resealed: z.int(),
  /** Accounts whose second factor opens with no key of ours. */
  unreadable: z.array(z.string()),
});
