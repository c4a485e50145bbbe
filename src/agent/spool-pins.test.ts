import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { observation } from '../../test/fakes/example-observation.js';
import { silent, systemClock } from '../base/index.js';
import { openSpool } from '../store/index.js';
import { keepSpoolPins } from './spool-pins.js';

test('holds what the control plane names, keeps all of it while it does not answer, and lets go when told', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tc-pins-'));
  const spool = await openSpool({
    directory,
    keys: { current: Buffer.alloc(32, 1), older: [] },
    keepKeys: async () => {},
    clock: systemClock,
    log: silent,
    maxBytes: 1 << 20,
    maxAgeMs: 1e9,
    commitMs: 1,
  });
  await spool.append([observation(1)]);
  const { at } = observation(1);
  let answer: unknown = { pins: [{ id: 'INC-1', since: at, until: at }] };
  const client = {
    call: async (_method: string, _path: string, _body: unknown, schema: { parse(value: unknown): unknown }) => {
      if (answer === undefined) throw new Error('away');
      return schema.parse(answer) as never;
    },
  };
  const pinning = keepSpoolPins({ spool, client, maxBytes: 1 << 20, log: silent });
  const folders = () => readdirSync(join(directory, 'pins'));
  await pinning.look();
  expect(folders()).toHaveLength(1);
  for (const broken of [undefined, { pins: 'all' }, { pins: [{ id: 'INC-1' }] }]) {
    answer = broken;
    await pinning.look();
    expect(folders()).toHaveLength(1);
  }
  expect(pinning.held()).toEqual({ bytes: 0, refused: [] });
  answer = { pins: [] };
  await pinning.look();
  expect(folders()).toEqual([]);
  pinning.stop();
  await spool.close();
  rmSync(directory, { recursive: true });
});
