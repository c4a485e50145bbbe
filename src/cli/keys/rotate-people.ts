/** `key rotate people`: second factors are sealed under a new key; nobody notices. */
import { printable } from '../../base/index.js';
import type { PeopleKeyRotated } from '../../server/index.js';
import { type Command, exitCode } from '../command.js';
import { apiOf } from '../signed-in.js';
import { refuseSteps } from './one-step.js';

/** Exit status 2 when there are second factors that no key opens. */
export const rotate: Command = async (invocation) => {
  refuseSteps(invocation, 'people');
  const done = await apiOf(invocation).post<PeopleKeyRotated>('/v1/keys/people/rotate', {});
  const names = done.unreadable.map((name) => printable(name, 64)).join(', ');
  invocation.output.result({ schemaVersion: 1, ...done }, () =>
    [
      `${done.resealed} second factor${done.resealed === 1 ? ' is' : 's are'} sealed under a new key, and the old one is gone`,
      ...(done.unreadable.length === 0
        ? []
        : [`those of ${names} open with no key of ours: tricordon user reset NAME`]),
    ].join('\n'),
  );
  return done.unreadable.length === 0 ? exitCode.done : exitCode.found;
};
