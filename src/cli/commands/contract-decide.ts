import { systemClock } from '../../base/index.js';
import { type Answer, answer, type ContractSet, malformed, questionOf } from '../../contract/index.js';
import { CliError, type Command, exitCode, type Invocation, text } from '../command.js';
import { askedContracts } from '../asked-contracts.js';
import { readText } from '../contract-files.js';
import { type JsonLine, jsonLines } from '../json-lines.js';

/** One question: exit 4 when the answer is deny. Many (`--requests`): one line each, in their order, and exit 0. */
export const command: Command = async (invocation) => {
  const { output } = invocation;
  const set = await askedContracts(invocation);
  const now = systemClock.now();
  const requests = text(invocation, 'requests');
  if (requests !== undefined) {
    if (invocation.arguments.length > 0)
      throw new CliError('usage', 'the questions stand in the file of `--requests`', {
        hint: 'leave out the service',
      });
    for await (const line of jsonLines(requests)) {
      const said = answerLine(set, line, now);
      output.row(said, () => sentence(said));
    }
    return exitCode.done;
  }
  const row = await rowOf(invocation);
  const question = questionOf(row, now);
  if ('problem' in question)
    throw new CliError('usage', question.problem, { hint: 'tricordon contract decide --help' });
  if (set.member(question.service) === undefined)
    throw new CliError('usage', `there is no contract of \`${question.service}\``, {
      hint: `known are ${set.services.slice(0, 20).join(', ') || 'none'}`,
    });
  const said = answer(set, question);
  output.result({ schemaVersion: 1, ...said }, () => explained(said));
  return said.decision === 'deny' ? exitCode.denied : exitCode.done;
};

function answerLine(set: ContractSet, line: JsonLine, now: number): Answer {
  if ('problem' in line) return malformed(null, line);
  const question = questionOf(line.value, now);
  if (!('problem' in question)) return answer(set, question);
  const { value } = line;
  const service = typeof value === 'object' && value !== null && 'service' in value ? value.service : null;
  return malformed(typeof service === 'string' ? service.slice(0, 64) : null, question);
}

async function rowOf(invocation: Invocation): Promise<Record<string, unknown>> {
  const [service, method, path] = invocation.arguments;
  if (service === undefined)
    throw new CliError('usage', 'which service, and what is asked of it?', {
      hint: 'tricordon contract decide payments --as orders POST /charges',
    });
  const row: Record<string, unknown> = { service };
  if (method !== undefined) row['method'] = method;
  if (path !== undefined) row['path'] = path;
  for (const name of ['as', 'at', 'connect', 'exec', 'open', 'publish']) {
    const value = text(invocation, name);
    if (value !== undefined) row[name] = value;
  }
  for (const name of ['attributes', 'claims']) {
    const file = text(invocation, name);
    if (file !== undefined) row[name] = await objectIn(file);
  }
  return row;
}

async function objectIn(path: string): Promise<unknown> {
  const content = await readText(path);
  try {
    return JSON.parse(content);
  } catch (cause) {
    throw new CliError('usage', `\`${path}\` is not JSON`, { cause, hint: 'give one JSON object' });
  }
}

function explained(said: Answer): string {
  return [
    sentence(said),
    ...said.nearest.map(
      ({ clause, predicate, wanted, got }) => `  \`${clause}\` wants ${predicate} ${wanted}, got ${got}`,
    ),
    ...(said.change === null ? [] : [`  this would allow it: ${JSON.stringify(said.change)}`]),
  ].join('\n');
}

function sentence({ decision, clause, reason, contract }: Answer): string {
  const by =
    contract.name === null ? '' : ` by ${contract.name}${contract.version === null ? '' : `@${contract.version}`}`;
  return `${decision}${by}${clause === null ? '' : `, clause \`${clause}\``}: ${reason}`;
}
