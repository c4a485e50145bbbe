/** What the command line says of settings: `--set KEY=VALUE`, and the options that stand for a key. */
import { ConfigError, nearest, printable, settable, variableOf } from '../base/index.js';
import { CliError, type Invocation, list, text } from './command.js';
import { configurationDocs } from './configuration-keys.js';

interface NamedFlag {
  readonly key: string;
  readonly where: string;
  readonly text: string;
}

const standIns = [
  { option: 'dataDir', where: '--data-dir', key: 'dataDir' },
  { option: 'runtimeDir', where: '--runtime-dir', key: 'runtimeDir' },
] as const;

/** Variables of ours that are no settings. */
const others = [
  'TRICORDON_LOG_LEVEL',
  'TRICORDON_USER',
  'TRICORDON_DEMO',
  'TRICORDON_CLOCK_SKEW_MS',
  'TRICORDON_AGENT_PROTOCOL',
];

/** @throws CliError `usage` for what cannot be set so, and for what is set twice */
export function namedFlags(invocation: Invocation): NamedFlag[] {
  const flags: NamedFlag[] = standIns.flatMap(({ option, where, key }) => {
    const given = text(invocation, option);
    return given === undefined ? [] : [{ key, where, text: given }];
  });
  for (const written of list(invocation, 'set')) {
    const end = written.indexOf('=');
    const key = end < 0 ? written : written.slice(0, end);
    if (end < 1)
      throw new CliError('usage', `\`--set ${printable(written, 100)}\` sets nothing`, {
        hint: 'write --set KEY=VALUE, like --set console.listen=127.0.0.1:9443',
      });
    requireSettable(key);
    const twice = flags.find((flag) => flag.key === key);
    if (twice !== undefined)
      throw new CliError('usage', `\`${key}\` is given twice, by ${twice.where} and by --set ${key}`, {
        hint: 'give it once',
      });
    flags.push({ key, where: `--set ${key}`, text: written.slice(end + 1) });
  }
  return flags;
}

function requireSettable(key: string): void {
  const docs = configurationDocs();
  const able = settable(docs).map((one) => one.key);
  if (able.includes(key)) return;
  if (docs.some((doc) => doc.key === key))
    throw new CliError('usage', `\`${key}\` is set in the file alone`, {
      hint: `put it into tricordon.yaml, or set one of its own keys (\`tricordon config explain ${key}\`)`,
    });
  const near = nearest(key, able);
  throw new CliError('usage', `there is no setting \`${printable(key, 100)}\``, {
    hint: near === undefined ? '`tricordon config explain` lists all' : `did you mean \`${near}\`?`,
  });
}

/**
 * A variable with `__` was meant for a key: one that does not exist must not be passed over, it may be what keeps the
 * installation safe. Anything else is warned of. @throws ConfigError
 */
export function warnOfUnknown({ output }: Pick<Invocation, 'output'>, unknown: readonly string[]): void {
  const known = [...settable(configurationDocs()).map(({ key }) => variableOf(key)), ...others];
  for (const name of unknown.filter((one) => !others.includes(one))) {
    const near = nearest(name, known);
    const advice = near === undefined ? '' : `, did you mean \`${near}\`?`;
    if (name.includes('__'))
      throw new ConfigError('config-invalid', `the variable \`${printable(name, 100)}\` sets no key${advice}`, {
        hint: 'unset it; `tricordon config explain` names the variable of each key',
      });
    output.warn(`the variable \`${printable(name, 100)}\` means nothing${advice}`);
  }
}
