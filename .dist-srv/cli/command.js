import { TricordonError } from '../base/index.js';
export const exitCode = { done: 0, failed: 1, found: 2, missing: 3, denied: 4 };
export class CliError extends TricordonError {
    name = 'CliError';
}
export function text(invocation, option) {
    const value = invocation.options[option];
    return typeof value === 'string' ? value : undefined;
}
export function flag(invocation, option) {
    return invocation.options[option] === true;
}
export function list(invocation, option) {
    const value = invocation.options[option];
    return Array.isArray(value) ? value : typeof value === 'string' ? [value] : [];
}
/** The codes that mean "something must be there first": exit 3. */
const prerequisites = new Set([
    'not-running',
    'prerequisite',
    'no-postgres',
    'no-privilege',
    'binaries-missing',
]);
export function exitCodeOf(error) {
    return error instanceof TricordonError && prerequisites.has(error.code) ? exitCode.missing : exitCode.failed;
}
