import type { PeopleAnswer } from '../../server/index.js';
import { type Command, exitCode } from '../command.js';
import { grantText } from '../labels.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const { output } = invocation;
  const answer = await apiOf(invocation).get<PeopleAnswer>('/v1/people');
  output.result({ schemaVersion: 1, ...answer }, () =>
    answer.people.length === 0
      ? 'nobody yet: `tricordon up` prints a link for the first administrator'
      : output.table(
          ['NAME', 'ROLE', 'STATE', 'PASSWORD', 'SECOND FACTOR', 'SINCE'],
          answer.people.map((person) => [
            person.name,
            [person.role, ...person.grants.map(({ role, where }) => grantText(role, where))].join('; '),
            person.state,
            person.hasPassword ? 'yes' : 'no',
            person.hasTotp ? 'yes' : 'no',
            new Date(person.createdAt).toISOString(),
          ]),
        ),
  );
  return exitCode.done;
};
