import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inputOf, randomContract, refusedNames } from '../../../../test/fakes/random-contract.js';
import { Contract } from '../../../model/index.js';
import { partsOf } from '../parts.js';
import { seccomp } from './index.js';

const contract = (runtime: object, mode = 'enforce') =>
  Contract.parse({
    apiVersion: 'tricordon/v1',
    kind: 'Contract',
    service: 'app',
    mode: { runtime: mode, network: 'off', api: 'off' },
    runtime,
  });
const compile = (runtime: object, mode?: string) => seccomp.compile(inputOf(contract(runtime, mode)));
const profile = (runtime: object, mode?: string) => JSON.parse(compile(runtime, mode).artefacts[0]?.text ?? 'null');

describe('a seccomp profile', () => {
  test('lists floor and additions without removals, refuses the rest, and hides clone3', () => {
    const made = profile({ syscalls: { base: 'static', add: ['socket'], remove: ['ioctl'] } });
    expect(made).toMatchObject({ defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 1 });
    const [allowed, threads, hidden] = made.syscalls;
    expect(allowed.names).toEqual(expect.arrayContaining(['execve', 'exit_group', 'restart_syscall', 'socket']));
    expect(allowed.names).not.toContain('ioctl');
    expect(allowed.names).not.toContain('clone');
    expect(threads).toMatchObject({ names: ['clone'], args: [{ index: 0, value: 65_536, valueTwo: 65_536 }] });
    expect(hidden).toEqual({ names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 });
    expect(profile({ syscalls: { add: ['clone3'] } }).syscalls).toHaveLength(1);
  });

  test('lets processes be made where children can be waited for', () => {
    const [allowed, next] = profile({ syscalls: { base: 'node20', add: ['wait4'] } }).syscalls;
    expect([allowed.names.includes('clone'), next.names]).toEqual([true, ['clone3']]);
  });

  test('only tells in learn and audit, and is not there in off or without the section', () => {
    expect(profile({ syscalls: { base: 'go' } }, 'audit').defaultAction).toBe('SCMP_ACT_LOG');
    expect(profile({ syscalls: { base: 'go' } }, 'learn').defaultAction).toBe('SCMP_ACT_LOG');
    expect(profile({ syscalls: { base: 'go' } }, 'off')).toBeNull();
    expect(profile({})).toBeNull();
  });

  test('says that it cannot name programs', () => {
    const { diagnostics } = compile({ syscalls: {}, executables: [{ id: 'run', path: '/app/run' }], files: [] });
    expect(diagnostics.map(({ section, clause, level }) => [section, clause, level])).toEqual([
      ['runtime.syscalls', null, 'exact'],
      ['runtime.files', null, 'impossible'],
      ['runtime.executables', 'run', 'impossible'],
    ]);
    expect(diagnostics.at(-1)?.reason).toContain('cannot name programs');
  });

  test.each([
    ['not JSON', 'a: b', 'JSON'],
    ['an unknown key', rule('').replace('{', '{"flags":[],'), 'flags'],
    ['arguments', rule('"args":[{"index":0,"value":1,"valueTwo":1,"op":"SCMP_CMP_EQ"}],'), 'args'],
    ['another action', rule('').replace('ACT_ALLOW', 'ACT_TRACE'), 'SCMP_ACT_TRACE'],
    ['a name twice', rule('').replace('["read"]', '["read","read"]'), 'twice'],
  ])('with %s is not read back', (_, text, wanted) => {
    expect(() => seccomp.read([{ file: 'app.seccomp.json', text }])).toThrow(
      expect.objectContaining({ code: 'contract-artefact', message: expect.stringContaining(wanted) }),
    );
  });
});

function rule(more: string): string {
  return `{"defaultAction":"SCMP_ACT_ERRNO","archMap":[{"architecture":"X","subArchitectures":[]}],
"syscalls":[{${more}"names":["read"],"action":"SCMP_ACT_ALLOW"}]}`;
}

test('read back, it allows no system call that the contract refuses; every part has its line', () => {
  let asked = 0;
  fc.assert(
    fc.property(randomContract, (random) => {
      const { artefacts, diagnostics } = seccomp.compile(inputOf(random));
      const told = diagnostics.map(({ section, clause }) => `${section} ${clause}`);
      expect(told).toEqual(partsOf(random, 'runtime').map(({ section, clause }) => `${section} ${clause}`));
      if (artefacts.length === 0) return;
      const held = seccomp.read(artefacts);
      for (const name of refusedNames(random).syscalls) {
        asked += 1;
        expect(held.allows({ kind: 'syscall', name })).toBe(false);
      }
    }),
    { numRuns: 500 },
  );
  expect(asked).toBeGreaterThan(100);
});
