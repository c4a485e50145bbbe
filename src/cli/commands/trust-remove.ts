import { CliError, type Command, exitCode, text } from '../command.js';
import { ownRoots } from '../trust/own-root.js';
import { authorityOf, distrustOnHost, type Trusted } from '../trust/host-store.js';

/** Both, while the root changes; of a change that is over the root before it goes by its fingerprint. */
export const command: Command = async (invocation) => {
  const named = fingerprintOf(text(invocation, 'fingerprint'));
  const fingerprints =
    named === undefined ? (await ownRoots(invocation)).map((root) => authorityOf(root).fingerprint) : [named];
  const done: Trusted[] = [];
  for (const fingerprint of fingerprints) done.push(await distrustOnHost(fingerprint));
  const [first, ...also] = done;
  invocation.output.result({ schemaVersion: 1, ...first, also }, () =>
    done
      .map(
        ({ changed, fingerprint }) => `${changed ? 'not trusted any more' : 'was not trusted'}: SHA-256 ${fingerprint}`,
      )
      .join('\n'),
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
