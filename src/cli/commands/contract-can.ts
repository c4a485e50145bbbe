import { type Operation, type Way, whatCan, whoCan } from '../../contract/index.js';
import { canonicalPath, ServiceName } from '../../model/index.js';
import { CliError, type Command, exitCode, text } from '../command.js';
import { askedContracts } from '../asked-contracts.js';

/** From the contracts alone: nothing is asked of a running service. */
export const command: Command = async (invocation) => {
  const { output } = invocation;
  const [who, what] = [text(invocation, 'whoCan'), text(invocation, 'whatCan')];
  if ((who === undefined) === (what === undefined))
    throw new CliError('usage', 'give either `--who-can` or `--what-can`', {
      hint: 'tricordon contract can --who-can "POST payments:/charges"',
    });
  const set = await askedContracts(invocation);
  const service = who === undefined ? (what ?? '') : operationOf(who).service;
  const ways = who === undefined ? whatCan(set, service) : whoCan(set, operationOf(who));
  if (ways === undefined)
    throw new CliError('usage', `there is no contract of \`${service}\``, {
      hint: `known are ${set.services.slice(0, 20).join(', ') || 'none'}`,
    });
  output.result({ schemaVersion: 1, ways }, () =>
    ways.length === 0
      ? who === undefined
        ? `${service} can do nothing`
        : `nobody can ask for ${who}`
      : output.table(['WHO', 'CAN', 'BY', 'IF', 'OTHER SIDE'], ways.map(cells)),
  );
  return exitCode.done;
};

function cells({ who, what, clause, under, otherSide }: Way): readonly string[] {
  return [who, what, clause, under.join('; '), otherSide];
}

function operationOf(given: string): Operation {
  const match = /^([A-Z]{1,16}) ([^:\s]+):(\/\S*)$/.exec(given);
  const [, method, service, target] = match ?? [];
  const path = canonicalPath(target ?? '');
  if (
    method === undefined ||
    service === undefined ||
    path.kind === 'refused' ||
    !ServiceName.safeParse(service).success
  )
    throw new CliError('usage', `\`${given}\` is no operation`, { hint: 'write it like "POST payments:/charges"' });
  return { method, service, path: path.path };
}
