/** Reads a settings file strictly: one document, no duplicate keys, no unknown ones, did-you-mean for typing errors. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { parseDocument } from 'yaml';
import type { ZodType } from 'zod';
import { type Given, type Layers, layered, type SettingKey } from './config-layers.js';
import { environmentEntries } from './environment.js';
import { codeOf, messageOf, printable, TricordonError } from './errors.js';

export type ConfigErrorCode = 'config-unreadable' | 'config-too-large' | 'config-syntax' | 'config-invalid';
export class ConfigError extends TricordonError<ConfigErrorCode> {
  override readonly name = 'ConfigError';
}

const limit = 1 << 20;

export interface SettingsSource {
  /** Undefined: there is no file. */
  readonly path: string | undefined;
  readonly keys: readonly SettingKey[];
  /** What the command line sets, by key. */
  readonly flags?: Given['flags'];
}

export interface ReadSettings<T> extends Pick<Layers, 'origins' | 'unknown'> {
  readonly value: T;
}

/**
 * Reads the settings file (YAML or JSON), lays variables `TRICORDON_SECTION__KEY` and flags over it, and checks the whole;
 * what is given nowhere has the schema's default.
 *
 * @throws ConfigError with every problem, one a line
 */
export function readConfig<T>(schema: ZodType<T>, { path, keys, flags = [] }: SettingsSource): ReadSettings<T> {
  const file = path === undefined ? undefined : { path, content: parse(path) };
  const { value, origins, unknown } = layered(keys, { file, flags, variables: environmentEntries('TRICORDON_') });
  refuseSecrets(origins);
  const result = schema.safeParse(value);
  if (result.success) return { value: result.data, origins, unknown };
  const known = keys.map(({ key }) => key);
  const problems = result.error.issues.map((issue) => {
    const where = issue.path
      .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
      .join('')
      .replace(/^\./, '');
    if (issue.code !== 'unrecognized_keys')
      return `${where === '' ? 'the file' : `\`${printable(where)}\``}: ${issue.message}${from(origins, where)}`;
    return issue.keys
      .map((key) => {
        const full = where === '' ? key : `${where}.${key}`;
        const near = nearest(full.replace(/\[\d+\]/g, '[]'), known);
        return `unknown key \`${printable(full)}\`${near === undefined ? '' : `, did you mean \`${near}\`?`}`;
      })
      .join('\n');
  });
  throw new ConfigError('config-invalid', `${path ?? 'settings'}: ${problems.join('\n')}`, {
    hint: 'see `tricordon config explain` for every key',
  });
}

/** Where a value that is not good was given, when that is not the file. */
function from(origins: Layers['origins'], key: string): string {
  const [origin] = origins.get(key) ?? [];
  return origin === undefined || origin.source === 'file' ? '' : ` (given by ${origin.where})`;
}

/** Arguments stand in the process list, variables in /proc and in what every child may inherit. */
function refuseSecrets(origins: Layers['origins']): void {
  for (const [key, all] of origins)
    for (const { source, where, value } of all)
      if (source !== 'file' && typeof value === 'string' && /^[a-z][a-z0-9+.-]*:\/\/[^/@]*:[^/@]*@/i.test(value))
        throw new ConfigError('config-invalid', `${where} gives \`${key}\` a password, which others can read there`, {
          hint: 'take the password out; for PostgreSQL it belongs into a pgpass file',
        });
}

/** The candidate within an edit distance of a third of the word's length, or undefined. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word, candidate, least);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

function parse(path: string): unknown {
  const text = readBounded(path);
  const document = parseDocument(text, { uniqueKeys: true, strict: true, prettyErrors: true });
  const problem = document.errors[0];
  if (problem !== undefined) {
    throw new ConfigError('config-syntax', `${path}: ${printable(problem.message, 400)}`, {
      hint: 'mend the YAML at that place',
    });
  }
  try {
    return document.toJS({ maxAliasCount: 20 }) ?? {};
  } catch (error) {
    throw new ConfigError('config-syntax', `${path}: ${messageOf(error)}`, {
      cause: error,
      hint: 'write it without aliases',
    });
  }
}

function readBounded(path: string): string {
  let file: number | undefined;
  try {
    // A pipe without a writer would hold us for ever.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(file);
    if (!stat.isFile()) {
      throw new ConfigError(
        'config-unreadable',
        `\`${printable(path)}\` is ${stat.isDirectory() ? 'a directory' : 'not a regular file'}`,
        {
          hint: 'name a YAML file with --config',
        },
      );
    }
    if (stat.size > limit) {
      throw new ConfigError(
        'config-too-large',
        `\`${printable(path)}\` has ${stat.size} bytes; at most ${limit} are read`,
        { hint: 'check that this is the right file' },
      );
    }
    const buffer = Buffer.alloc(limit + 1);
    const length = readSync(file, buffer, 0, buffer.length, 0);
    return new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, length));
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const reason = error instanceof TypeError ? 'it is not UTF-8' : (codeOf(error) ?? messageOf(error));
    throw new ConfigError('config-unreadable', `cannot read \`${printable(path)}\`: ${reason}`, {
      cause: error,
      hint: 'check path and rights',
    });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function editDistance(a: string, b: string, limitAt: number): number {
  if (Math.abs(a.length - b.length) >= limitAt) return limitAt;
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      row.push(Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + same));
    }
    previous = row;
  }
  return previous[b.length] ?? limitAt;
}
