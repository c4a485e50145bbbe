/** `key rotate spool`: what the agent of this host writes from here on is sealed by another key. */
import { SpoolRotated } from '../../agent/index.js';
import { askAgent } from '../agent-socket.js';
import { CliError, type Command, exitCode } from '../command.js';
import { locate } from '../installation.js';
import { readState } from '../state-file.js';
import { refuseSteps } from './one-step.js';

export const rotate: Command = async (invocation) => {
  refuseSteps(invocation, 'spool');
  const { dataDir } = locate(invocation);
  const state = readState(dataDir);
  if (state === undefined)
    throw new CliError('not-running', `nothing runs in \`${dataDir}\``, {
      hint: 'start it with `tricordon up` or `tricordon agent join`',
    });
  const rotated = await askAgent(state.agentSocket, 'POST', '/spool/rotate', {}, SpoolRotated);
  invocation.output.result({ schemaVersion: 1, ...rotated }, () =>
    [
      `from block ${rotated.from} on the spool is sealed by a new key`,
      ...rotated.older.map(
        ({ until }) => `blocks up to ${until} open with an older one, which goes with the last of them`,
      ),
    ].join('\n'),
  );
  return exitCode.done;
};
