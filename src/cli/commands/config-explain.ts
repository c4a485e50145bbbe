import { nearest, type Origin, settable, variableOf } from '../../base/index.js';
import { CliError, type Command, exitCode } from '../command.js';
import { configurationDocs, configurationKeys, valueAt } from '../configuration-keys.js';
import { readSettings } from '../installation.js';
import { withoutPasswords } from '../redaction.js';
import { warnOfUnknown } from '../setting-flags.js';

/** Every key: what it does, its value, where that comes from, and what it overrode. */
export const command: Command = async (invocation) => {
  const { output } = invocation;
  const asked = invocation.arguments[0];
  const docs = configurationDocs().filter(
    (doc) => asked === undefined || doc.key === asked || doc.key.startsWith(`${asked}.`),
  );
  if (docs.length === 0) {
    const near = nearest(asked ?? '', configurationKeys());
    throw new CliError('usage', `there is no setting \`${asked}\``, {
      hint: near === undefined ? '`tricordon config explain` lists all' : `did you mean \`${near}\`?`,
    });
  }
  const read = readSettings(invocation);
  warnOfUnknown(invocation, read.unknown);
  const able = settable(docs).map(({ key }) => key);
  const keys = docs.map((doc) => {
    const [origin, ...overridden] = (read.origins.get(doc.key) ?? []).map(shownOrigin);
    return {
      ...doc,
      variable: able.includes(doc.key) ? variableOf(doc.key) : null,
      value: withoutPasswords(valueAt(read.value, doc.key) ?? null),
      source: origin?.source ?? 'default',
      where: origin?.where ?? null,
      overridden,
    };
  });
  output.result({ schemaVersion: 1, keys }, () =>
    keys
      .map((key) => {
        const by = key.where === null ? '' : `  by ${key.where}`;
        const now = key.value === null ? '' : `  now ${JSON.stringify(key.value)}${by}`;
        const instead = key.overridden.map(({ where, value }) => `\n  instead of ${JSON.stringify(value)} by ${where}`);
        return `${output.style('strong', key.key)}  ${output.style('dim', key.type)}${now}${instead.join('')}\n  ${key.description}`;
      })
      .join('\n'),
  );
  return exitCode.done;
};

function shownOrigin({ source, where, value }: Origin) {
  return { source, where, value: withoutPasswords(value) };
}
