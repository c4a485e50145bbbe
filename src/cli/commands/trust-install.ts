import { type Command, exitCode } from '../command.js';
import { ownRoot } from '../trust/own-root.js';
import { trustOnHost } from '../trust/host-store.js';

/** Every program of this host that goes by the host's store trusts our root from then on. */
export const command: Command = async (invocation) => {
  const done = await trustOnHost(await ownRoot(invocation));
  invocation.output.result(
    { schemaVersion: 1, ...done },
    () =>
      `${done.changed ? 'trusted now' : 'was trusted already'}: SHA-256 ${done.fingerprint}\n  ${done.file}\nPrograms of this host believe from now on whatever this authority signs, for any name: whoever has its key can pose as any site to them.\nTake it back: tricordon trust remove`,
  );
  return exitCode.done;
};
