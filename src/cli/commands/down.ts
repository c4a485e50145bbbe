import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../base/index.js';
import { stopCluster } from '../../store/index.js';
import { leftovers, removeAccounts } from '../../agent/index.js';
import { CliError, type Command, exitCode, flag } from '../command.js';
import { demoPlace } from '../demo/location.js';
import { locate } from '../installation.js';
import { alive, readState, stopAll } from '../state-file.js';
import { instanceOf } from '../supervisor/places.js';

/** Stops everything, also what a killed `up` left. With `--purge` nothing stays behind. Safe to repeat. */
export const command: Command = async (invocation) => {
  const { output } = invocation;
  const { dataDir, runtimeDir, rootMode } = locate(invocation);
  const state = readState(dataDir);
  if (!existsSync(join(dataDir, 'instance'))) {
    if (existsSync(dataDir) && flag(invocation, 'purge'))
      throw new CliError('refused', `\`${dataDir}\` was not made by tricordon`, { hint: 'check --data-dir' });
    output.result({ schemaVersion: 1, stopped: [], purged: false }, () => 'nothing runs');
    return exitCode.done;
  }
  if (state !== undefined && state.rootMode !== rootMode) {
    throw new CliError('prerequisite', `this installation runs as ${state.rootMode ? 'root' : 'an ordinary user'}`, {
      hint: state.rootMode ? 'use sudo tricordon down' : 'run it as that user',
    });
  }
  const stopped: string[] = [];
  if (state !== undefined) {
    const everything = [
      state.supervisor,
      ...state.services,
      ...[...state.processes].reverse().filter((entry) => entry.name !== 'postgresql'),
    ];
    stopped.push(...everything.filter(alive).map((entry) => entry.name));
    if (alive(state.supervisor)) {
      output.progress('asking the supervisor to stop …');
      await stopAll([state.supervisor], 60_000);
    }
    await stopAll(state.services, 10_000);
    await stopAll(
      state.processes.filter((entry) => entry.name !== 'postgresql'),
      10_000,
    );
  }
  const runtime = state?.runtimeDir ?? runtimeDir;
  const removed = await leftovers({ instance: instanceOf(dataDir), dataDir });
  stopped.push(...removed);
  if ((await stopCluster(dataDir)) === 'stopped') stopped.push('postgresql');
  rmSync(join(dataDir, 'state.json'), { force: true });
  const purge = flag(invocation, 'purge');
  const problems: string[] = [];
  if (purge) {
    if (rootMode) problems.push(...(await removeAccounts(dataDir)));
    // A demo that was left running: the shop and its account go with the house they belong to.
    const { base, house } = demoPlace();
    const demo = dataDir === house;
    if (rootMode && demo) problems.push(...(await removeAccounts(base)));
    for (const path of [runtime, dataDir, ...(demo ? [base] : [])]) {
      try {
        rmSync(path, { recursive: true, force: true });
      } catch (error) {
        problems.push(messageOf(error));
      }
    }
  }
  output.result({ schemaVersion: 1, stopped, purged: purge, problems }, () =>
    [`stopped: ${stopped.length === 0 ? 'nothing ran' : stopped.join(', ')}`, ...problems].join('\n'),
  );
  return problems.length === 0 ? exitCode.done : exitCode.failed;
};
