/** Reads text format 0.0.4 strictly, as the format's page has it: what is not of it is an error that names the line. */
import { TricordonError } from './errors.js';

export type MetricsTextErrorCode = 'metrics-text';
export class MetricsTextError extends TricordonError<MetricsTextErrorCode> {
  override readonly name = 'MetricsTextError';
}

export interface ReadFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: ReadSample[];
}

export interface ReadSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const name = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const helpLine = new RegExp(`^# HELP (${name}) (.*)$`);
const typeLine = new RegExp(`^# TYPE (${name}) (counter|gauge|histogram|summary|untyped)$`);
const sampleLine = new RegExp(`^(${name})(?:\\{(.*)\\})? (\\S+)$`);
const labelPair = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)/;

/** @throws MetricsTextError */
export function readMetricsText(text: string): ReadFamily[] {
  const families = new Map<string, ReadFamily>();
  const seen = new Set<string>();
  if (text !== '' && !text.endsWith('\n')) throw wrong(text.split('\n').length, 'the last line has no end');
  let help: { name: string; text: string } | undefined;
  let open: ReadFamily | undefined;
  for (const [index, line] of text.split('\n').slice(0, -1).entries()) {
    const at = index + 1;
    const [, helpName, helpText = ''] = helpLine.exec(line) ?? [];
    const [, typeName, type = ''] = typeLine.exec(line) ?? [];
    if (helpName !== undefined) help = { name: helpName, text: unescaped(helpText) };
    else if (typeName !== undefined) {
      if (families.has(typeName)) throw wrong(at, `a second TYPE of ${typeName}`);
      if (help?.name !== typeName) throw wrong(at, `no HELP of ${typeName} before its TYPE`);
      open = { name: typeName, type, help: help.text, samples: [] };
      families.set(typeName, open);
    } else {
      const sample = sampleOf(line, at);
      if (open === undefined || !belongs(sample, open))
        throw wrong(at, `${sample.name} is not of the family before it`);
      const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
      if (seen.has(key)) throw wrong(at, `${sample.name} is there twice with the same labels`);
      seen.add(key);
      open.samples.push(sample);
    }
  }
  return [...families.values()];
}

function sampleOf(line: string, at: number): ReadSample {
  const [, sampleName = '', pairs = '', written = ''] = sampleLine.exec(line) ?? [];
  if (sampleName === '') throw wrong(at, 'neither a comment nor a sample');
  const labels: Record<string, string> = {};
  for (let rest = pairs; rest !== ''; ) {
    const [whole = '', label = '', value = ''] = labelPair.exec(rest) ?? [];
    if (whole === '' || Object.hasOwn(labels, label)) throw wrong(at, 'its labels cannot be read');
    labels[label] = unescaped(value);
    rest = rest.slice(whole.length);
  }
  const infinite = /^([+-]?)Inf$/.exec(written);
  const value = infinite === null ? Number(written) : infinite[1] === '-' ? -Infinity : Infinity;
  if (Number.isNaN(value) && written !== 'NaN') throw wrong(at, 'its value is not a number');
  return { name: sampleName, labels, value };
}

function belongs(sample: ReadSample, family: ReadFamily): boolean {
  if (family.type !== 'histogram') return sample.name === family.name;
  if (sample.name === `${family.name}_bucket`) return sample.labels['le'] !== undefined;
  return sample.name === `${family.name}_sum` || sample.name === `${family.name}_count`;
}

function unescaped(text: string): string {
  return text.replace(/\\([\\"n])/g, (_, letter: string) => (letter === 'n' ? '\n' : letter));
}

function wrong(line: number, message: string): MetricsTextError {
  return new MetricsTextError('metrics-text', `line ${line}: ${message}`, {
    hint: 'is it the answer of one of our own processes?',
  });
}
