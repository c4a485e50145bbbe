import { CliError, flag, type Invocation } from '../command.js';

/** The options of a change in steps mean nothing to a key that changes at once. @throws CliError `usage` */
export function refuseSteps(invocation: Invocation, key: string): void {
  const step = (['status', 'force', 'finish', 'abort'] as const).find((name) => flag(invocation, name));
  if (step === undefined) return;
  throw new CliError('usage', `\`--${step}\` does not go with \`key rotate ${key}\`, which is one step`, {
    hint: `tricordon key rotate ${key}; killed in between, run it again`,
  });
}
