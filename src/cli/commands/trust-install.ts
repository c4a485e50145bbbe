import { type Command, exitCode } from '../command.js';
import { ownRoots } from '../trust/own-root.js';
import { type Trusted, trustOnHost } from '../trust/host-store.js';

/** Every program of this host that goes by the host's store trusts our root from then on; both, while the root changes. */
export const command: Command = async (invocation) => {
  const [root, ...others] = await ownRoots(invocation);
  const done = await trustOnHost(root);
  const also: Trusted[] = [];
  for (const other of others) also.push(await trustOnHost(other));
  invocation.output.result({ schemaVersion: 1, ...done, also }, () =>
    [
      ...[done, ...also].map(
        ({ changed, fingerprint, file }) =>
          `${changed ? 'trusted now' : 'was trusted already'}: SHA-256 ${fingerprint}\n  ${file}`,
      ),
      'Programs of this host believe from now on whatever this authority signs, for any name: whoever has its key can pose as any site to them.',
      'Take it back: tricordon trust remove',
    ].join('\n'),
  );
  return exitCode.done;
};
