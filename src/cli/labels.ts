/** Labels as they are written on a command line. */
import { LabelKey, Labels, LabelValue, labelText } from '../model/index.js';
import { CliError } from './command.js';

/** @throws CliError `usage` for what is not KEY=VALUE, or names a label twice */
export function parseLabels(written: readonly string[], option: string): Labels {
  const labels: Record<string, string> = {};
  for (const one of written) {
    const cut = one.indexOf('=');
    const [key, value] = cut < 0 ? [one, ''] : [one.slice(0, cut), one.slice(cut + 1)];
    const problem = LabelKey.safeParse(key).error ?? LabelValue.safeParse(value).error;
    if (cut < 0 || problem !== undefined)
      throw new CliError('usage', `${option} takes KEY=VALUE, not \`${one}\``, {
        hint: problem?.issues[0]?.message ?? 'like team=shop',
      });
    if (Object.hasOwn(labels, key)) throw new CliError('usage', `${option} names the label \`${key}\` twice`);
    labels[key] = value;
  }
  const { error } = Labels.safeParse(labels);
  if (error !== undefined) throw new CliError('usage', `${option}: ${error.issues[0]?.message ?? 'too many labels'}`);
  return labels;
}

/** A role and what it is limited to, for people. */
export function grantText(role: string, where: Labels): string {
  return `${role} where ${labelText(where)}`;
}
