import { printable } from '../../base/index.js';
import { CliError, type Command, exitCode, type Invocation, text } from '../command.js';
import { percentOf, rolloutOf, rolloutText } from '../rollouts.js';

export const command: Command = async (invocation) => {
  const { output } = invocation;
  const answer = await rolloutOf(invocation, () => {
    const [percent, most, on] = [text(invocation, 'percent'), text(invocation, 'most'), attributesOf(invocation)];
    if (percent === undefined && on === undefined)
      throw new CliError('usage', 'a roll-out is for a part', {
        hint: 'give --percent, or --on with an attribute of the replicas; tricordon contract approve is for all',
      });
    return {
      stage: {
        percent: percent === undefined ? 100 : percentOf('percent', percent),
        ...(on === undefined ? {} : { on }),
      },
      ...(most === undefined ? {} : { most: percentOf('most', most) / 100 }),
    };
  });
  output.result({ schemaVersion: 1, ...answer }, () => rolloutText(output, answer));
  return exitCode.done;
};

/** `--on NAME=VALUE`, several of them. */
function attributesOf({ options }: Invocation): Record<string, string> | undefined {
  const given = options['on'];
  if (!Array.isArray(given)) return undefined;
  const pairs = given.map((pair) => {
    const [, name, value] = /^([^=]{1,128})=(.{1,512})$/.exec(String(pair)) ?? [];
    if (name === undefined || value === undefined)
      throw new CliError('usage', `\`${printable(String(pair), 80)}\` is no attribute`, { hint: 'write NAME=VALUE' });
    return [name, value] as const;
  });
  return Object.fromEntries(pairs);
}
