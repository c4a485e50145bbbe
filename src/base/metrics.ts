/** Numbers of a process as Prometheus reads them: text format 0.0.4, or OpenMetrics 1.0 for whoever asks for that. */

export interface Metric {
  /** A counter's ends in `_total`. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** Names of its labels; each has few values. */
  readonly labels?: readonly string[];
}

export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Counts per bucket, not yet added up; one more than there are bounds. */
export interface Distribution {
  readonly labels?: Readonly<Record<string, string>>;
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
}

export type Family =
  | { readonly metric: Metric; readonly samples: readonly Sample[] }
  | { readonly metric: Metric; readonly distributions: readonly Distribution[] };

export type Exposition = 'prometheus' | 'openmetrics';

export const expositionType: Readonly<Record<Exposition, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** By what the scraper says it takes. */
export function expositionFor(accept: string | undefined): Exposition {
  return accept?.includes('application/openmetrics-text') === true ? 'openmetrics' : 'prometheus';
}

/** One family after the other; a family that has no sample now is left out. */
export function exposition(families: readonly Family[], format: Exposition): string {
  const text = families.map((family) => written(family, format)).join('');
  return format === 'openmetrics' ? `${text}# EOF\n` : text;
}

/** A gauge or counter without labels, or with one sample for each set of them. */
export function family(metric: Metric, value: number | readonly Sample[]): Family {
  return { metric, samples: typeof value === 'number' ? [{ value }] : value };
}

function written(given: Family, format: Exposition): string {
  const { name, type, help } = given.metric;
  const lines = 'samples' in given ? given.samples.map((one) => line(name, one.labels, one.value)) : buckets(given);
  if (lines.length === 0) return '';
  // OpenMetrics names the family of a counter without the suffix that its samples have.
  const shown = format === 'openmetrics' && type === 'counter' ? name.replace(/_total$/, '') : name;
  return `# HELP ${shown} ${escaped(help, format === 'openmetrics')}\n# TYPE ${shown} ${type}\n${lines.join('')}`;
}

function buckets({ metric, distributions }: Extract<Family, { distributions: unknown }>): string[] {
  return distributions.flatMap(({ labels, bounds, counts, sum }) => {
    let total = 0;
    const rows = counts.map((count, index) => {
      total += count;
      const bound = bounds[index];
      return line(`${metric.name}_bucket`, { ...labels, le: bound === undefined ? '+Inf' : number(bound) }, total);
    });
    return [...rows, line(`${metric.name}_sum`, labels, sum), line(`${metric.name}_count`, labels, total)];
  });
}

function line(name: string, labels: Readonly<Record<string, string>> | undefined, value: number): string {
  const pairs = Object.entries(labels ?? {}).map(([key, text]) => `${key}="${escaped(text, true)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${number(value)}\n`;
}

function number(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

function escaped(text: string, quotes: boolean): string {
  const plain = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return quotes ? plain.replaceAll('"', '\\"') : plain;
}
