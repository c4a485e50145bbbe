import { expect, test } from 'vitest';
import { initialVersion, runtimeDigest } from '../contract/index.js';
import type { Contract, ContractVersion, LayerCoverage } from '../model/index.js';
import { runtimeCoverage } from './runtime-hold.js';

const watched: LayerCoverage = { level: 'full', by: 'bpf', gaps: [] };
const first = initialVersion('web', 'ana', 0);
const contract: Contract = {
  ...first.contract,
  mode: { runtime: 'enforce', network: 'audit', api: 'audit' },
  runtime: { executables: [{ id: 'run-node', path: '/usr/bin/node' }] },
};
const approved: ContractVersion = { ...first, version: 2, contract };
const held = { version: 2, rules: runtimeDigest(contract), landlock: 4, gaps: [] };

type Running = Parameters<typeof runtimeCoverage>[2][number];

/** One running command, as far as it is looked at. */
function running(more: { held?: Partial<typeof held> | null; image?: string } = {}): Running {
  return {
    id: 'web-a-00000001',
    process: { pid: 7, start: 1 },
    held: more.held === null || more.held === undefined ? null : { ...held, ...more.held },
    request: { service: 'web', image: more.image === undefined ? null : { digest: more.image } },
  } as unknown as Running;
}
const look = (one: Running, version = approved, landlock: number | undefined = 4) =>
  runtimeCoverage(watched, landlock, [one], () => version);

test('what the kernel holds to the approved version is held, and said to be', () => {
  expect(look(running({ held: {} }))).toEqual({
    level: 'full',
    by: 'bpf; Landlock refuses in 1 of 1 workloads',
    gaps: [],
  });
});

test('a version approved since takes hold at the next start, and the command for that is named', () => {
  for (const one of [running(), running({ held: { version: 1, rules: 'other' } })]) {
    const { unheld, gaps } = look(one);
    expect(unheld).toMatchObject([{ service: 'web', until: 'next-start' }]);
    expect(gaps[0]).toMatchObject({ fix: 'tricordon respond restart web' });
  }
});

test('what cannot refuse is never held: a container, a kernel without Landlock, a contract without a list', () => {
  expect(look(running({ image: 'sha256:1' })).unheld).toMatchObject([{ until: 'never' }]);
  for (const landlock of [0, undefined]) {
    const { unheld, gaps } = runtimeCoverage(watched, landlock, [running()], () => approved);
    expect(unheld).toMatchObject([{ until: 'never' }]);
    expect(gaps[0]?.what).toMatch(/observed, not refused/);
  }
  const { runtime: _, ...bare } = contract;
  expect(look(running(), { ...approved, contract: bare }).unheld).toMatchObject([{ until: 'never' }]);
});

test('nothing is waited for where the layer is not to be enforced, or nothing runs', () => {
  const audit = { ...approved, contract: { ...contract, mode: { ...contract.mode, runtime: 'audit' as const } } };
  expect(look(running(), audit).unheld).toBeUndefined();
  expect(look({ ...running(), process: null }).unheld).toBeUndefined();
});
