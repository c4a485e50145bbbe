/** A document that goes to the control plane as it is. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { codeOf, messageOf, printable } from '../base/index.js';
import { CliError } from './command.js';

/** What the control plane takes in one request. */
const limit = 1 << 20;

/** @throws CliError `usage` for what is no readable file of at most 1 MiB in UTF-8 */
export function policyText(path: string): string {
  const refuse = (why: string, cause?: unknown) =>
    new CliError('usage', `\`${printable(path, 300)}\` cannot be read: ${why}`, {
      cause,
      hint: 'give a YAML or JSON file',
    });
  let file: number | undefined;
  try {
    // A pipe without a writer would hold us for ever.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const facts = fstatSync(file);
    if (!facts.isFile()) throw refuse('it is no regular file');
    if (facts.size > limit) throw refuse('it is larger than 1 MiB');
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw refuse(codeOf(error) ?? messageOf(error), error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
