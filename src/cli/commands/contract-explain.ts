import { printable } from '../../base/index.js';
import type { DecisionAnswer } from '../../server/index.js';
import { type Command, exitCode } from '../command.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const { output } = invocation;
  const id = invocation.arguments[0] ?? '';
  const answer = await apiOf(invocation).get<DecisionAnswer>(`/v1/decisions/${encodeURIComponent(id)}`);
  output.result({ schemaVersion: 1, ...answer }, () => {
    const { observation, nearest, change, now } = answer;
    const lines = [
      output.style('strong', printable(answer.sentence, 2_000)),
      '',
      ...facts(observation).map(([name, value]) => `${name.padEnd(10)} ${printable(value, 500)}`),
    ];
    if (nearest.length > 0)
      lines.push(
        '',
        output.table(
          ['CLAUSE', 'ASKS', 'WANTED', 'GOT'],
          nearest.map((miss) =>
            [miss.clause, miss.predicate, miss.wanted, miss.got].map((text) => printable(text, 200)),
          ),
        ),
      );
    if (!answer.repeated)
      lines.push('', 'Asked again, the contract does not say the same: it hung on something that is not kept.');
    if (change !== null)
      lines.push('', 'The smallest change of that contract which lets it pass (JSON Patch):', JSON.stringify(change));
    if (now !== null)
      lines.push(
        '',
        `Now, version ${now.version} would say: ${now.decision}${now.clause === null ? '' : ` (${now.clause})`}`,
      );
    return lines.join('\n');
  });
  return exitCode.done;
};

function facts({
  at,
  service,
  host,
  event,
  join,
}: DecisionAnswer['observation']): readonly (readonly [string, string])[] {
  if (event.kind !== 'request' && event.kind !== 'flow') return [];
  const { verdict } = event;
  const what = event.kind === 'request' ? `${event.method} ${event.path}` : `${event.address}:${event.port}`;
  const way = event.direction === 'in' ? 'to' : 'from';
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['when', new Date(at).toISOString()],
    ['what', `${what} ${way} ${service ?? 'nobody'} on ${host}`],
    ['caller', event.direction === 'in' ? (join.caller ?? 'without an identity') : undefined],
    ['callee', event.direction === 'out' ? event.peer : undefined],
    ['contract', verdict.contract === null ? undefined : `${verdict.contract} version ${verdict.version ?? '?'}`],
    ['digest', verdict.digest],
    ['mode', verdict.mode],
    ['clause', verdict.clause ?? undefined],
    ['reason', verdict.reason],
    ['attributes', verdict.attributes === undefined ? undefined : pairs(verdict.attributes)],
    ['claims', verdict.claims === undefined ? undefined : JSON.stringify(verdict.claims)],
  ];
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}

function pairs(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}
