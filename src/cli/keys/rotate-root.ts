/** `key rotate root`: every key is sealed under a new root key, by the process that it belongs to. */
import { CliError, type Command, exitCode } from '../command.js';
import { locate } from '../installation.js';
import { refuseSteps } from './one-step.js';
import { endRootChange, rootKeyThere, sealedKeys } from './root-key.js';
import { alive, readState, signalEntry } from '../state-file.js';

/** Whose keys lie where: each process seals its own anew when it starts. */
const processes = [
  { name: 'control', folder: 'keys/ca/' },
  { name: 'agent', folder: 'agent/' },
] as const;
const patienceMs = 120_000;

/** Exit status 2 when keys are left that no process sealed anew: the root key before is kept then. */
export const rotate: Command = async (invocation) => {
  refuseSteps(invocation, 'root');
  const { output } = invocation;
  const installation = locate(invocation);
  const { dataDir } = installation;
  const store = rootKeyThere(installation);
  const state = readState(dataDir);
  if (state === undefined || !alive(state.supervisor))
    throw new CliError('not-running', 'nothing runs here that could seal its keys anew', {
      hint: 'start it with `tricordon up` or `tricordon agent join`, then run this again',
    });
  store.beginChange();
  const [now, before] = store.ids();
  for (const { name, folder } of processes) {
    output.progress(`${name}: seals its keys under root key ${now}`);
    await sealedAnew(name, async () =>
      (await sealedKeys(dataDir)).some(({ path, rootId }) => rootId === before && path.startsWith(folder)),
    );
  }
  const left = await endRootChange(installation, store);
  const sealed = (await sealedKeys(dataDir)).filter(({ rootId }) => rootId === now).length;
  output.result({ schemaVersion: 1, rootKey: now, before, sealed, left: left.map(({ path }) => path) }, () =>
    left.length === 0
      ? `root key ${now}: ${sealed} keys are sealed under it, and ${before} is gone. Backups of before open with what is in them; make a new one.`
      : [
          `root key ${before} stays: nothing sealed these anew`,
          ...left.map(({ path }) => `  ${path}`),
          'See the logs in the data directory; a file that nothing uses can be moved away. Then run this again.',
        ].join('\n'),
  );
  return left.length === 0 ? exitCode.done : exitCode.found;

  /** A process that was started before the change has the older subkeys alone: the supervisor starts it again with both. */
  async function sealedAnew(name: string, isBehind: () => Promise<boolean>): Promise<void> {
    let asked = false;
    const deadline = performance.now() + patienceMs;
    while ((await isBehind()) && performance.now() < deadline) {
      const entry = readState(dataDir)?.processes.find((one) => one.name === name);
      if (!asked && entry !== undefined) asked = signalEntry(entry, 'SIGTERM');
      await new Promise((resume) => setTimeout(resume, 100));
    }
  }
};
