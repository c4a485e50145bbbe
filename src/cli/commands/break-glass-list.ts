import { AgentStatus } from '../../agent/index.js';
import type { GlassAnswer } from '../../server/index.js';
import { agentHere, askAgent } from '../agent-socket.js';
import { type Command, exitCode, flag } from '../command.js';
import { openingLine } from '../output/glass.js';
import { apiOf } from '../signed-in.js';

/** Exit status 2 while something is open. */
export const command: Command = async (invocation) => {
  const here = flag(invocation, 'here');
  const answer = here
    ? {
        open: (await askAgent(agentHere(invocation), 'GET', '/status', undefined, AgentStatus)).glass,
        past: [],
        unsent: 0,
      }
    : await apiOf(invocation).get<GlassAnswer>('/v1/glass');
  const { open, past, unsent } = answer;
  invocation.output.result({ schemaVersion: 1, open, past, unsent }, () =>
    [
      ...(open.length === 0 ? ['nothing is open'] : open.map(openingLine)),
      ...(past.length === 0 ? [] : ['', invocation.output.style('strong', 'before'), ...past.map(openingLine)]),
      ...(unsent === 0
        ? []
        : ['', invocation.output.style('bad', `${unsent} mails could not be sent: see control.log`)]),
    ].join('\n'),
  );
  return open.length === 0 ? exitCode.done : exitCode.found;
};
