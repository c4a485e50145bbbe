import { describe, expect, test } from 'vitest';
import { exposition, expositionFor, family, type Metric } from './metrics.js';
import { readMetricsText } from './metrics-text.js';
import { watchProcess } from './process-metrics.js';
import { durations, tally } from './tally.js';

const requests: Metric = { name: 'x_requests_total', type: 'counter', help: 'Requests.', labels: ['route'] };
const seconds: Metric = { name: 'x_seconds', type: 'histogram', help: 'How "long"\nin \\ seconds.', labels: [] };

describe('the text format', () => {
  test('hostile label values and help come back as they were, from a strict reader', () => {
    const route = 'a"b\\c\nd{},=# TYPE x counter';
    const text = exposition([family(requests, [{ labels: { route }, value: 3 }])], 'prometheus');
    expect(text.split('\n')).toHaveLength(4);
    expect(readMetricsText(text)).toEqual([
      {
        name: 'x_requests_total',
        type: 'counter',
        help: 'Requests.',
        samples: [{ name: 'x_requests_total', labels: { route }, value: 3 }],
      },
    ]);
  });

  test('a distribution is added up: each bucket holds those below it, the last one all', () => {
    const took = durations();
    for (const one of [0.0005, 0.001, 0.3, 60]) took.add({}, one);
    const text = exposition([{ metric: seconds, distributions: took.distributions() }], 'prometheus');
    const [read] = readMetricsText(text);
    const bucket = (le: string) => read?.samples.find(({ labels }) => labels['le'] === le)?.value;
    expect([bucket('0.001'), bucket('0.25'), bucket('0.5'), bucket('10'), bucket('+Inf')]).toEqual([2, 2, 3, 3, 4]);
    expect(read?.samples.at(-1)).toEqual({ name: 'x_seconds_count', labels: {}, value: 4 });
    expect(read?.help).toBe('How "long"\nin \\ seconds.');
  });

  test('OpenMetrics names a counter without its suffix and ends with EOF', () => {
    const text = exposition([family(requests, [{ labels: { route: '/' }, value: 1 }])], 'openmetrics');
    expect(text).toBe('# HELP x_requests Requests.\n# TYPE x_requests counter\nx_requests_total{route="/"} 1\n# EOF\n');
    expect(expositionFor('application/openmetrics-text;version=1.0.0;q=0.5,text/plain')).toBe('openmetrics');
    expect([expositionFor('text/plain'), expositionFor(undefined)]).toEqual(['prometheus', 'prometheus']);
  });

  test('a family without samples is left out, and what is no number is written as the format has it', () => {
    expect(exposition([family(requests, [])], 'prometheus')).toBe('');
    const text = exposition(
      [
        family(
          requests,
          [NaN, Infinity, -Infinity].map((value, at) => ({ labels: { route: `${at}` }, value })),
        ),
      ],
      'prometheus',
    );
    expect(readMetricsText(text)[0]?.samples.map(({ value }) => value)).toEqual([NaN, Infinity, -Infinity]);
  });
});

test('label values that others make up do not make the table grow without end', () => {
  const counted = tally();
  for (let at = 0; at < 5_000; at += 1) counted.add({ route: `/${at}` });
  const samples = counted.samples();
  expect(samples.length).toBeLessThanOrEqual(2_001);
  expect(samples.reduce((sum, { value }) => sum + value, 0)).toBe(5_000);
  expect(samples.at(-1)).toEqual({ labels: { route: 'other' }, value: 3_000 });
});

test('a process says its version, age and memory', () => {
  const read = watchProcess({ version: '1.2.3', process: 'agent', startedAt: 5_000 });
  const families = readMetricsText(exposition(read(), 'prometheus'));
  const value = (name: string) => families.find((one) => one.name === name)?.samples[0];
  expect(value('tricordon_build_info')).toMatchObject({ labels: { version: '1.2.3', process: 'agent' }, value: 1 });
  expect(value('process_start_time_seconds')?.value).toBe(5);
  expect(value('process_resident_memory_bytes')?.value).toBeGreaterThan(1e6);
});

test.each([
  ['x 1', 'the last line has no end'],
  ['x 1\n', 'is not of the family before it'],
  ['# TYPE x gauge\nx 1\n', 'no HELP of x before its TYPE'],
  ['# HELP x y\n# TYPE x gauge\nx 1\nx 2\n', 'is there twice'],
  ['# HELP x y\n# TYPE x gauge\nx{a="1} 2\n', 'labels cannot be read'],
  ['# HELP x y\n# TYPE x gauge\nx one\n', 'not a number'],
  ['# HELP x y\n# TYPE x gauge\n\n', 'neither a comment nor a sample'],
])('the reader refuses %j', (text, message) => {
  expect(() => readMetricsText(text)).toThrow(message);
});
