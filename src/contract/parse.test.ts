import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf, messageOf } from '../base/index.js';
import { type Contract, modes } from '../model/index.js';
import { contractDigest } from './digest.js';
import { ContractError } from './error.js';
import { emptyContract } from './initial.js';
import { parseContract } from './parse.js';
import { printContract } from './print.js';

const head =
  'apiVersion: tricordon/v1\nkind: Contract\nservice: payments\nmode: {runtime: learn, network: audit, api: enforce}\n';

function failure(text: string): { code: string | undefined; message: string } {
  try {
    parseContract(text, 'c.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(ContractError);
    return { code: codeOf(error), message: error instanceof Error ? error.message : messageOf(error) };
  }
  return { code: undefined, message: 'was accepted' };
}

describe('reading', () => {
  test('YAML and JSON give the same contract', () => {
    const yaml = parseContract(
      `${head}api:\n  serves:\n    - {id: a, methods: [GET], path: /a, from: [{builtin: public}]}\n`,
    );
    expect(parseContract(JSON.stringify(yaml))).toEqual(yaml);
  });

  test('an absent section stays absent and an empty one stays empty', () => {
    const parsed = parseContract(`${head}api: {serves: []}\n`);
    expect(parsed.runtime).toBeUndefined();
    expect(parsed.api).toEqual({ serves: [] });
  });

  test('an unknown key is refused with its line and the key that was meant', () => {
    const { code, message } = failure(`${head}api:\n  servs: []\n`);
    expect(code).toBe('contract-shape');
    expect(message).toContain('line 6');
    expect(message).toContain('did you mean `serves`');
    expect(failure(`${head}runtime: {files: [{id: a, pth: /x, access: read}]}`).message).toContain('`path`');
  });

  test('a peer with no or several meanings is refused', () => {
    for (const from of ['{}', '{service: a, host: b}', '{nobody: x}']) {
      const { code, message } = failure(`${head}network: {ingress: [{id: a, from: ${from}, ports: [tcp/1]}]}`);
      expect(code).toBe('contract-shape');
      expect(message).toMatch(/exactly one of service, match, builtin, host, cidr|does not know the key/);
    }
  });

  test('what is well formed but cannot be held is refused', () => {
    expect(failure(`${head}network: {egress: [{id: a, to: {cidr: 999.0.0.0/8}, ports: [tcp/1]}]}`).code).toBe(
      'contract-meaning',
    );
    expect(failure(`${head}network: {egress: [{id: a, to: {service: b}, ports: [tcp/70000]}]}`).message).toContain(
      '65535',
    );
    const twice = '{id: a, path: /x, access: read}';
    expect(failure(`${head}runtime: {files: [${twice}, ${twice}]}`).message).toContain('stands twice');
    expect(failure(`${head}runtime: {files: [{id: a, path: /x/a**, access: read}]}`).message).toContain('stands alone');
  });
});

describe('hostile text', () => {
  test('duplicate keys, anchors, aliases, tags and second documents are refused', () => {
    for (const text of [
      `${head}service: other\n`,
      `${head}api: &a {serves: []}\n`,
      `${head}api: {serves: [&a {id: x}, *a]}\n`,
      `${head}api: !!binary aGk=\n`,
      `${head}api: !js x\n`,
      `${head}---\n${head}`,
      `${head}api: {serves: [\n`,
      '\u0000',
      '"',
    ]) {
      expect(failure(text).code, text).toMatch(/^contract-(syntax|shape)$/);
    }
  });

  test('an alias bomb, deep nesting and oversized text end at once', () => {
    const bomb = `a: &a [x,x]\n${'bcdefgh'
      .split('')
      .map((name, index) => `${name}: &${name} [*${'abcdefg'[index]},*${'abcdefg'[index]}]`)
      .join('\n')}`;
    expect(failure(bomb).code).toBe('contract-syntax');
    expect(failure('['.repeat(100_000)).code).toBe('contract-too-large');
    expect(failure('- '.repeat(100_000)).code).toBe('contract-too-large');
    expect(failure('? '.repeat(100_000)).code).toBe('contract-too-large');
    expect(failure(`${' '.repeat(300)}a: b`).code).toBe('contract-too-large');
    expect(failure(`# ${'x'.repeat(600_000)}`).code).toBe('contract-too-large');
  });

  test('messages never repeat control characters', () => {
    const { message } = failure(`${head}"\\e[2Jx": 1\n`);
    expect(message).not.toContain('\u001b');
  });

  test('prototype keys are plain unknown keys', () => {
    expect(failure(`${head}__proto__: {x: 1}\n`).code).toBe('contract-shape');
  });

  test('no text makes the reader throw anything but its own error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          parseContract(text);
        } catch (error) {
          expect(error).toBeInstanceOf(ContractError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

const name = fc.constantFrom('orders', 'catalog', 'a', 'on', 'no', 'y', '1', '0x1');
const peer = fc.oneof(
  name.map((service) => ({ service })),
  fc.constantFrom('public' as const, 'any-identity' as const).map((builtin) => ({ builtin })),
  fc
    .string({ minLength: 1, maxLength: 30, unit: 'grapheme' })
    .filter((host) => !/\p{Surrogate}/u.test(host))
    .map((host) => ({ host })),
  fc.constantFrom('10.0.0.0/8', 'fd00::/8').map((cidr) => ({ cidr })),
);
const ports = fc.uniqueArray(
  fc.integer({ min: 1, max: 65_535 }).map((port) => `tcp/${port}`),
  { minLength: 1, maxLength: 3 },
);
const method = fc.uniqueArray(fc.constantFrom('GET', 'NO', 'Y'), { minLength: 1 });
const path = fc.constantFrom('/', '/a', '/{id:int}', '/x/**', '/a%20b', '/a:b', "/it's", '/!not');
const file = fc.constantFrom('/a', '/a b', '/**', '/x/*: y', '/\u00e9', '/"q"', '/a # b', '/\n');
const contracts: fc.Arbitrary<Contract> = fc
  .record({
    mode: fc.record({
      runtime: fc.constantFrom(...modes),
      network: fc.constantFrom(...modes),
      api: fc.constantFrom(...modes),
    }),
    service: name,
    executables: fc.option(
      fc.array(fc.record({ path: file, from: fc.option(file, { nil: undefined }) }), { maxLength: 3 }),
    ),
    files: fc.option(
      fc.array(fc.record({ path: file, access: fc.constantFrom('read' as const, 'write' as const) }), { maxLength: 3 }),
    ),
    egress: fc.option(fc.array(fc.record({ to: peer, ports }), { maxLength: 3 })),
    serves: fc.option(
      fc.array(fc.record({ methods: method, path, from: fc.array(peer, { minLength: 1, maxLength: 3 }) }), {
        maxLength: 3,
      }),
    ),
  })
  .map(({ mode, service, executables, files, egress, serves }) => ({
    ...emptyContract(service, 'audit'),
    mode,
    runtime: {
      ...(executables === null
        ? {}
        : {
            executables: executables.map(({ path: program, from }, index) => ({
              id: `e${index}`,
              path: program,
              ...(from === undefined ? {} : { from }),
            })),
          }),
      ...(files === null ? {} : { files: files.map((clause, index) => ({ id: `f${index}`, ...clause })) }),
    },
    network: egress === null ? {} : { egress: egress.map((clause, index) => ({ id: `o${index}`, ...clause })) },
    api: serves === null ? {} : { serves: serves.map((clause, index) => ({ id: `s${index}`, ...clause })) },
  }));

describe('printing', () => {
  test('what would read as another path, or move a cursor, is printed as an escape and reads back', () => {
    const path = '/srv/\u202egpj.exe\u2066\u200b\u009b2J\u0007\u2028# {x}: "y"\ufeff';
    const files = [{ id: 'read', path, access: 'read' as const }];
    const contract: Contract = {
      apiVersion: 'tricordon/v1',
      kind: 'Contract',
      service: 'web',
      mode: { runtime: 'audit', network: 'audit', api: 'audit' },
      runtime: { files },
    };
    const text = printContract(contract);
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/);
    expect(text).toContain('\\u202egpj.exe');
    expect(parseContract(text)).toEqual(contract);
  });

  test('what is printed reads back to the same contract, with the same digest', () => {
    fc.assert(
      fc.property(contracts, (contract) => {
        const back = parseContract(printContract(contract));
        expect(back).toEqual(contract);
        expect(contractDigest(back)).toBe(contractDigest(contract));
      }),
      { numRuns: 500 },
    );
  });
});
