import { TricordonError } from '../../base/index.js';

/**
 * - `refused`: the verb is known, but what it asks for is not allowed (a path beneath no directory of ours, a process in no
 *   cgroup of ours, uid 0).
 * - `malformed`: not a line of the protocol; the helper says so and goes on.
 * - `failed`: allowed and tried; the system said no.
 * - `unavailable`: this host has not what it takes; `doctor` says what that is.
 * - `gone`: the helper ended before it answered; whether the verb was carried out is unknown, verbs are idempotent.
 * - `timeout`: no answer in time.
 * - `unsafe-program`: the program tree can be changed by others and could not be copied.
 */
export const helperCodes = [
  'refused',
  'malformed',
  'failed',
  'unavailable',
  'gone',
  'timeout',
  'unsafe-program',
] as const;
export type HelperCode = (typeof helperCodes)[number];

export class HelperError extends TricordonError<HelperCode> {
  override readonly name = 'HelperError';
}
