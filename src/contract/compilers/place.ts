/** What a contract does not say, from a file. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { ServiceName } from '../../model/index.js';
import { readSettings } from './read-settings.js';
import type { Place } from './target.js';

const Address = z.string().refine((text) => isIP(text) !== 0, 'an address is written 10.0.0.7 or fd00::7');
const Name = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'a name is small letters, digits, `-` and `.`');
const LabelKey = z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9._/-]{0,314}[A-Za-z0-9])?$/, 'not the key of a label');
const LabelValue = z.string().regex(/^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/, 'not the value of a label');

export const PlaceFile = z.strictObject({
  services: z.record(
    ServiceName,
    z.strictObject({
      addresses: z.array(Address).max(1_024).optional(),
      alone: z.boolean().optional(),
      namespace: Name.optional(),
      podLabels: z.record(LabelKey, LabelValue).optional(),
      container: z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, 'the name of a container is letters, digits, `_`, `.` and `-`')
        .optional(),
      image: z
        .string()
        .max(512)
        .regex(/^[A-Za-z0-9][A-Za-z0-9._/:@-]*$/, 'not the name of an image')
        .optional(),
      unit: z
        .string()
        .regex(/^[A-Za-z0-9:_.@-]{1,240}\.service$/, 'a unit is written payments.service')
        .optional(),
    }),
  ),
  trustDomain: z
    .string()
    .regex(/^[a-z0-9._-]{1,255}$/, 'a trust domain is small letters, digits, `.`, `-` and `_`')
    .optional(),
  resolvers: z.array(Address).max(64).optional(),
});

export const emptyPlace: Place = { services: {} };

/** @throws ContractError naming file, line and column */
export function parsePlace(text: string, file: string): Place {
  return readSettings(PlaceFile, text, file);
}
