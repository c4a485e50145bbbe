/** One precedence for every setting: flag before variable before file before default. Pure. */
import { parseDocument } from 'yaml';

export interface SettingKey {
  /** Dotted: `console.listen`. */
  readonly key: string;
  /** As the reference names it; `string` is taken as it is written, everything else is read as YAML. */
  readonly type: string;
}

export type Source = 'flag' | 'variable' | 'file';

export interface Origin {
  readonly source: Source;
  /** What was written: `--set host`, `TRICORDON_HOST`, the path of the file. */
  readonly where: string;
  readonly value: unknown;
}

export interface Given {
  readonly file: { readonly path: string; readonly content: unknown } | undefined;
  /** Without the prefix `TRICORDON_`. */
  readonly variables: readonly (readonly [name: string, text: string])[];
  readonly flags: readonly { readonly key: string; readonly where: string; readonly text: string }[];
}

export interface Layers {
  /** What the schema is to judge: keys that nobody knows are still in it. */
  readonly value: unknown;
  /** Of each key that was given: the one in force first, then those it overrode. */
  readonly origins: ReadonlyMap<string, readonly Origin[]>;
  /** Variables that set nothing. */
  readonly unknown: readonly string[];
}

/** Lists of sections (`services`), what is in them, and sections themselves are set in the file alone. */
export function settable(keys: readonly SettingKey[]): SettingKey[] {
  return keys.filter(({ key, type }) => !key.includes('[]') && type !== 'object' && type !== 'list of object');
}

export function variableOf(key: string): string {
  const words = key.split('.').map((part) => part.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase());
  return `TRICORDON_${words.join('__')}`;
}

export function layered(keys: readonly SettingKey[], given: Given): Layers {
  const { file, variables, flags } = given;
  const value: unknown = file === undefined ? {} : structuredClone(file.content);
  const origins = new Map<string, Origin[]>();
  const byVariable = new Map(settable(keys).map((one) => [variableOf(one.key), one]));
  const byKey = new Map(settable(keys).map((one) => [one.key, one]));
  const put = (one: SettingKey, origin: Origin) => {
    origins.set(one.key, [origin, ...(origins.get(one.key) ?? [])]);
    if (origin.source !== 'file') place(value, one.key.split('.'), origin.value);
  };
  if (file !== undefined)
    for (const one of byKey.values()) {
      const found = at(file.content, one.key.split('.'));
      if (found !== undefined) put(one, { source: 'file', where: file.path, value: found });
    }
  const unknown: string[] = [];
  for (const [name, text] of variables) {
    const one = byVariable.get(`TRICORDON_${name}`);
    if (one === undefined) unknown.push(`TRICORDON_${name}`);
    else if (text !== '') put(one, { source: 'variable', where: `TRICORDON_${name}`, value: read(one, text) });
  }
  for (const { key, where, text } of flags) {
    const one = byKey.get(key);
    if (one !== undefined) put(one, { source: 'flag', where, value: read(one, text) });
  }
  return { value, origins, unknown };
}

function read({ type }: SettingKey, text: string): unknown {
  const isText = type === 'string' || (type.includes(' | ') && !type.startsWith('list of '));
  if (isText) return text;
  const document = parseDocument(text);
  // What is half YAML is not guessed at: the schema refuses the text.
  return document.errors.length > 0 ? text : (document.toJS() as unknown);
}

function at(value: unknown, path: readonly string[]): unknown {
  let found = value;
  for (const part of path) found = isSection(found) && Object.hasOwn(found, part) ? found[part] : undefined;
  return found;
}

/** A section that is no section in the file stays what it is: the schema says so. */
function place(value: unknown, path: readonly string[], what: unknown): void {
  const [first = '', ...rest] = path;
  if (!isSection(value)) return;
  if (rest.length === 0) {
    value[first] = what;
    return;
  }
  if (value[first] === undefined || value[first] === null) value[first] = {};
  place(value[first], rest, what);
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
