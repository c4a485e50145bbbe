import { CliError, type Command, exitCode, text } from '../command.js';
import { ownRoot } from '../trust/own-root.js';
import { authorityOf, distrustOnHost } from '../trust/host-store.js';

export const command: Command = async (invocation) => {
  const done = await distrustOnHost(
    fingerprintOf(text(invocation, 'fingerprint')) ?? authorityOf(await ownRoot(invocation)).fingerprint,
  );
  invocation.output.result({ schemaVersion: 1, ...done }, () =>
    done.changed ? `not trusted any more: SHA-256 ${done.fingerprint}` : `was not trusted: SHA-256 ${done.fingerprint}`,
  );
  return exitCode.done;
};

/** For the root of an installation that is gone. */
function fingerprintOf(written: string | undefined): string | undefined {
  if (written === undefined) return undefined;
  const digits = written.toLowerCase().replaceAll(':', '');
  if (/^[0-9a-f]{64}$/.test(digits)) return digits;
  throw new CliError('usage', '`--fingerprint` takes 64 hex digits', {
    hint: 'as `tricordon trust install` printed them',
  });
}
