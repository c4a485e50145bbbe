import { describe, expect, test } from 'vitest';
import { codeOf } from '../base/index.js';
import { initialVersion } from '../contract/index.js';
import { Observation, type RecordingHeader } from '../model/index.js';
import { attack, benign, exec, rows, t0 } from '../../test/fakes/detect-attack.js';
import { observationJsonSchema } from './observation-schema.js';
import { readRecording, writeRecording } from './recording.js';
import { replay } from './replay.js';

const header: RecordingHeader = {
  schemaVersion: 1,
  kind: 'recording',
  recordedAt: t0,
  trustDomain: 'shop',
  learnUntil: t0 - 1_000,
  contracts: ['catalog', 'payments', 'storefront'].map((service) => initialVersion(service, 'ana', t0 - 900_000)),
  workloads: [],
};
const day = [
  rows('start', -900_000)(0, 'catalog-h-1', exec('/usr/bin/node'), { pid: 100 }),
  ...Array.from({ length: 20 }, (_, number) => benign(number, t0 - 800_000 + number * 1_000)).flat(),
];

async function* bytes(...parts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? Buffer.from(part) : part;
}

async function code(...parts: (string | Uint8Array)[]): Promise<string | undefined> {
  try {
    const { observations } = await readRecording(bytes(...parts));
    for await (const _ of observations);
  } catch (error) {
    return codeOf(error);
  }
  return undefined;
}

describe('replay', () => {
  test('learns until the header says so, then finds the attack and nothing else', async () => {
    const { signals, incidents, proposals, observations } = await replay(header, [...day, ...attack()]);
    expect(observations).toBe(day.length + attack().length);
    expect(proposals.get('catalog')?.contract.runtime?.executables?.map(({ path }) => path)).toEqual(['/usr/bin/node']);
    expect(incidents.map(({ services, layers }) => ({ services, layers }))).toEqual([
      { services: ['catalog', 'payments'], layers: ['runtime', 'network', 'api'] },
    ]);
    expect(signals.length).toBeGreaterThan(4);
    expect(await replay(header, [...day, ...attack()])).toEqual({ signals, incidents, proposals, observations });
  });

  test('a benign recording replays to nothing', async () => {
    const later = Array.from({ length: 200 }, (_, number) => benign(100 + number, t0 + number * 1_000)).flat();
    const { signals, incidents } = await replay(header, [...day, ...later]);
    expect([signals, incidents]).toEqual([[], []]);
  });
});

describe('recordings', () => {
  test('what is written reads back, however the bytes are cut', async () => {
    let text = '';
    for await (const line of writeRecording(header, day)) text += line;
    const all = Buffer.from(text);
    for (const size of [1, 7, 1_000, all.length]) {
      const chunks = Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
        all.subarray(index * size, (index + 1) * size),
      );
      const { header: head, observations } = await readRecording(bytes(...(size === 1 ? [all] : chunks)));
      expect(head).toEqual(header);
      const back: Observation[] = [];
      for await (const observation of observations) back.push(observation);
      expect(back).toEqual(day);
    }
  });

  test('a last line without a newline counts, empty lines do not', async () => {
    const row = JSON.stringify(day[0]);
    const { observations } = await readRecording(bytes(`${JSON.stringify(header)}\n\n${row}\n\n${row}`));
    let count = 0;
    for await (const _ of observations) count += 1;
    expect(count).toBe(2);
  });

  test('hostile bytes end in a named error', async () => {
    const head = `${JSON.stringify(header)}\n`;
    expect(await code()).toBe('recording-header');
    expect(await code('{}\n')).toBe('recording-header');
    expect(await code('not json\n')).toBe('recording-header');
    expect(await code(new Uint8Array([0xff, 0x0a]))).toBe('recording-header');
    expect(await code(head, '{"id":1}\n')).toBe('recording-row');
    expect(await code(head, '{"id"')).toBe('recording-row');
    expect(await code(head, new Uint8Array([0xc3, 0x28, 0x0a]))).toBe('recording-row');
    expect(await code(head, `${'['.repeat(100_000)}\n`)).toBe('recording-row');
    expect(await code(head, `"${'x'.repeat(300_000)}"\n`)).toBe('recording-too-large');
    expect(await code(head, JSON.stringify({ ...day[0], extra: 1 }))).toBe('recording-row');
  });
});

test('the published schema describes what the engines take', () => {
  const schema = observationJsonSchema();
  expect(schema).toMatchObject({ title: 'Observation', type: 'object', additionalProperties: false });
  expect(JSON.stringify(schema)).toContain('stdio-socket');
  expect(Object.keys(Object(schema.properties))).toEqual(Object.keys(Observation.shape));
});
