import { describe, expect, test } from 'vitest';
import type { Contract, ContractVersion, Mode } from '../../model/index.js';
import { contractDigest } from '../digest.js';
import { initialVersion } from '../initial.js';
import { beside } from './beside.js';
import { compileContract } from './compile.js';

function version(number: number, paths: readonly string[], api: Mode = 'enforce'): ContractVersion {
  const contract: Contract = {
    apiVersion: 'tricordon/v1',
    kind: 'Contract',
    service: 'stock',
    mode: { runtime: 'off', network: 'off', api },
    api: {
      serves: paths.map((path) => ({ id: path.slice(1), methods: ['GET'], path, from: [{ service: 'shop' }] })),
    },
  };
  return { ...initialVersion('stock', 'test', 0), contract, version: number, digest: contractDigest(contract) };
}

const get = (path: string) => ({ caller: 'spiffe://a/service/shop', callerService: 'shop', method: 'GET', path });

describe('two versions beside each other', () => {
  const both = (percent: number, mode?: Mode) =>
    beside(compileContract(version(1, ['/a', '/b'], mode)), compileContract(version(2, ['/b', '/c'])), percent);

  test('the one in force is held, and what the other says stands with it', () => {
    const { decideServe } = both(0);
    expect(decideServe(get('/a'))).toMatchObject({
      effect: 'allow',
      version: 1,
      clause: 'a',
      shadow: { version: 2, effect: 'deny', clause: null, reason: 'path' },
    });
    expect(decideServe(get('/b'))).toMatchObject({ effect: 'allow', shadow: { effect: 'allow', clause: 'b' } });
    expect(decideServe(get('/c'))).toMatchObject({ effect: 'deny', reason: 'path', shadow: { effect: 'allow' } });
    const refused = decideServe(get('/none'));
    expect(JSON.parse(JSON.stringify(refused))).toMatchObject({ version: 1, nearest: {}, shadow: { version: 2 } });
  });

  test('of two decisions that are made once the pair is made once', () => {
    const { decideServe } = both(0);
    expect(decideServe(get('/b'))).toBe(decideServe(get('/b')));
  });

  test('the candidate is held for its share, in turn', () => {
    for (const [percent, held] of [
      [0, 0],
      [1, 10],
      [25, 250],
      [33.3, 333],
      [100, 1_000],
    ] as const) {
      const { decideServe } = both(percent);
      let candidate = 0;
      for (let count = 0; count < 1_000; count += 1) if (decideServe(get('/b')).version === 2) candidate += 1;
      expect(Math.abs(candidate - held)).toBeLessThanOrEqual(1);
    }
  });
});
