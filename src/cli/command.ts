import { TricordonError } from '../base/index.js';
import type { Output } from './output/output.js';

/** What a command is given. */
export interface Invocation {
  readonly arguments: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  readonly output: Output;
}

/** Does the work and returns the exit code (ARCHITECTURE, invariant 9). */
export type Command = (invocation: Invocation) => Promise<number>;

export const exitCode = { done: 0, failed: 1, found: 2, missing: 3, denied: 4 } as const;

export type CliErrorCode =
  | 'usage'
  | 'not-running'
  | 'prerequisite'
  | 'refused'
  | 'unreachable'
  | 'unavailable'
  | 'demo-failed';
export class CliError extends TricordonError<CliErrorCode> {
  override readonly name = 'CliError';
}

/** Whatever a command was writing: the operating system's own words name neither the file nor what to do. */
export function noSpace(error: unknown): CliError {
  return new CliError('refused', 'no space left on the disk', {
    cause: error,
    hint: 'free some space in the data directory; `tricordon status` says how much there is',
  });
}

export function text(invocation: Invocation, option: string): string | undefined {
  const value = invocation.options[option];
  return typeof value === 'string' ? value : undefined;
}

export function flag(invocation: Invocation, option: string): boolean {
  return invocation.options[option] === true;
}

export function list(invocation: Invocation, option: string): readonly string[] {
  const value = invocation.options[option];
  return Array.isArray(value) ? value : typeof value === 'string' ? [value] : [];
}

/** The codes that mean "something must be there first": exit 3. */
const prerequisites: ReadonlySet<string> = new Set([
  'not-running',
  'prerequisite',
  'no-binaries',
  'no-account',
  'version-mismatch',
  'rung-unusable',
]);

export function exitCodeOf(error: unknown): number {
  return error instanceof TricordonError && prerequisites.has(error.code) ? exitCode.missing : exitCode.failed;
}
