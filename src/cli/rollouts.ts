/** Versions on their way into force, as the two commands begin, end and show them. */
import { printable } from '../base/index.js';
import type { ContractAnswer, RolloutAnswer, RolloutRequest, RolloutRow } from '../server/index.js';
import { CliError, type Invocation, text } from './command.js';
import type { Output } from './output/output.js';
import { apiOf } from './signed-in.js';

type Begun = Pick<RolloutRequest, 'stage' | 'most'>;

/** @param stage asked for only when a version is given */
export async function rolloutOf(invocation: Invocation, stage: () => Begun): Promise<RolloutAnswer> {
  const api = apiOf(invocation);
  const service = `/v1/contracts/${encodeURIComponent(invocation.arguments[0] ?? '')}`;
  const version = text(invocation, 'version');
  if (invocation.options['stop'] === true) {
    if (version !== undefined) throw new CliError('usage', 'give --version or --stop, not both');
    return api.post<RolloutAnswer>(`${service}/rollout/end`, { reason: text(invocation, 'reason') ?? 'ended by hand' });
  }
  if (version === undefined) return api.get<RolloutAnswer>(`${service}/rollout`);
  if (!/^[0-9]{1,9}$/.test(version))
    throw new CliError('usage', `\`${printable(version, 40)}\` is no number of a version`, {
      hint: 'tricordon contract show lists what is proposed',
    });
  const begun = stage();
  const { version: found } = await api.get<ContractAnswer>(`${service}/versions/${version}`);
  return api.post<RolloutAnswer>(`${service}/rollout`, { version: found.version, digest: found.digest, ...begun });
}

/** `2.5%` or `2.5`: 0 to 100. @throws CliError `usage` */
export function percentOf(option: string, value: string): number {
  const [, number] = /^([0-9]{1,3}(?:\.[0-9]{1,6})?)%?$/.exec(value) ?? [];
  const percent = Number(number);
  if (number === undefined || percent > 100)
    throw new CliError('usage', `--${option} \`${printable(value, 40)}\` is no share`, {
      hint: 'write a number from 0 to 100, as in 2.5%',
    });
  return percent;
}

export function rolloutText(output: Output, { service, rollout, earlier }: RolloutAnswer): string {
  const [last] = earlier;
  if (rollout === null) {
    const before = last === undefined ? '' : `\n${endText(last)}`;
    return `no version of ${service} decides beside the one in force${before}`;
  }
  const { version, stage, counts, flips, most } = rollout;
  const on = stage.on === undefined ? '' : ` on ${JSON.stringify(stage.on)}`;
  const where =
    stage.percent === 0
      ? `version ${version} of ${service} decides beside the one in force`
      : `version ${version} of ${service} is in force for ${stage.percent} %${on}; it ends by itself beyond ${Number((most * 100).toPrecision(3))} % refusals`;
  const lines = [
    output.style('strong', printable(where, 2_000)),
    `${counts.compared} decisions compared: ${counts.refused} refused that pass now, ${counts.passed} the other way round`,
  ];
  if (flips.length > 0)
    lines.push(
      '',
      output.table(
        ['TIMES', 'LAYER', 'WAY', 'PEER', 'WHAT', 'NOW', 'WOULD BE', 'REASON'],
        flips.map(({ count, layer, direction, peer, what, to, reason }) => [
          String(count),
          layer,
          direction,
          peer ?? '-',
          printable(what, 120),
          to === 'refused' ? 'passes' : 'refused',
          to === 'refused' ? 'refused' : 'passes',
          reason,
        ]),
      ),
    );
  return lines.join('\n');
}

function endText({ version, endedBy, endedAt, endedWhy, counts }: RolloutRow): string {
  const when = endedAt === null ? '' : new Date(endedAt).toISOString();
  const why = printable(endedWhy ?? '', 600);
  return `the last one, version ${version}, was ended by ${endedBy ?? '-'} at ${when}: ${why} (${counts.compared} compared, ${counts.refused} refused)`;
}
