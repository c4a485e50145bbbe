import { openTarget } from '../api.js';
import { type Command, exitCode } from '../command.js';
import { remember, signedIn, targetOf } from '../signed-in.js';

/** Ends the session there and forgets it here, also when the control plane does not answer. */
export const command: Command = async (invocation) => {
  const person = signedIn();
  if (person === undefined || person.session === null) {
    invocation.output.result({ schemaVersion: 1, account: null }, () => 'nobody was signed in');
    return exitCode.done;
  }
  remember({ ...person, session: null });
  const ended = await openTarget(targetOf(person))
    .post('/v1/logout', {})
    .then(
      () => true,
      () => false,
    );
  if (!ended)
    invocation.output.warn('the control plane did not confirm it: the session ends there by itself within 12 hours');
  invocation.output.result(
    { schemaVersion: 1, account: person.account, ended },
    () => `${person.account} is signed out`,
  );
  return exitCode.done;
};
