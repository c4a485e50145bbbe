import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Value } from '../../model/index.js';
import { compileCondition, type ConditionInput } from './evaluate.js';
import { parseCondition } from './parse.js';
import { printCondition } from './print.js';
import { type Condition, type Expression, namesIn } from './syntax.js';

const input: ConditionInput = {
  caller: { environment: 'prod', 'image.maxSeverity': 'low', 'image-name': 'shop', uid: '10' },
  callee: { service: 'payments' },
  user: { tenant: 'a', roles: ['x', 'admin'], age: 40, realm: { name: 'r' }, vip: true, nothing: null },
  request: { method: 'GET', path: '/orders/7', params: { id: '7' } },
};

function read(text: string): Condition {
  const parsed = parseCondition(text);
  if ('problem' in parsed) throw new Error(`${text}: ${parsed.problem}`);
  return parsed.condition;
}
const says = (text: string) => compileCondition(read(text))(input);
const problem = (text: string) => {
  const parsed = parseCondition(text);
  return 'problem' in parsed ? parsed.problem : undefined;
};

describe('a condition', () => {
  test.each([
    ["caller.environment == 'prod'", true],
    ["caller.image.maxSeverity != 'critical'", true],
    ['caller[\'image-name\'] == "shop"', true],
    ["'admin' in user.roles", true],
    ["user.tenant in ['a', 'b']", true],
    ["user.realm.name == 'r'", true],
    ['user.age >= 18 && user.age < 65', true],
    ['user.age + 2 * 3 - 1 == 45', true],
    ['user.age % 7 == 5', true],
    ['-user.age < 0', true],
    ['size(user.roles) == 2 && size(user.tenant) == 1', true],
    ["request.path.startsWith('/orders') && !request.path.endsWith('x')", true],
    ["request.params.id.contains('7')", true],
    ['has(user.tenant) && !has(user.none) && has(user.nothing)', true],
    ["user.vip ? user.tenant == 'a' : false", true],
    ['user.nothing == null', true],
    ["user.age == 'forty'", false],
    ['1 == 1.0', true],
    ["caller.environment == 'dev' || user.vip", true],
  ])('%s is %s', (text, wanted) => {
    expect(says(text)).toBe(wanted);
  });

  test.each([
    'user.none == 1',
    "user.age < 'x'",
    'user.tenant < 1',
    'user.none && user.vip',
    '!user.tenant',
    'user.age + 1 > user.tenant',
    'user.age in user.tenant',
    'user.none ? true : true',
    'user.age * 9007199254740991 > 0',
    "user.age.startsWith('4')",
    'size(user.age) == 1',
    'user.tenant',
  ])('%s cannot be said', (text) => {
    expect(says(text)).toBeUndefined();
  });

  test('what cannot be said gives way to what is sure, on either side', () => {
    expect(says('user.none == 1 && false')).toBe(false);
    expect(says('false && user.none == 1')).toBe(false);
    expect(says('user.none == 1 || true')).toBe(true);
    expect(says('true || user.none == 1')).toBe(true);
    expect(says('user.none == 1 || false')).toBeUndefined();
  });

  test('names of the language of objects find nothing that was not proved', () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty'])
      expect([says(`has(user.${name})`), says(`has(caller['${name}'])`)]).toEqual([false, false]);
  });

  test('names the attributes that it asks for', () => {
    expect(namesIn(read("caller.image.maxSeverity == 'x' || has(user.a) && request.method == 'GET'"))).toEqual([
      'caller.image.maxSeverity',
      'user.a',
      'request.method',
    ]);
  });

  test.each([
    ['', 'its end'],
    ['caler.x == 1', 'did you mean `caller`'],
    ['caller', 'as a whole'],
    ["user.x.startWith('a')", 'did you mean `startsWith`'],
    ["user.x.matches('.*')", 'is not known'],
    ['user.roles.exists(r, r == 1)', 'is not known'],
    ['1 + 1', 'a number, not true or false'],
    ["'a' && true", 'a text beside `&&`'],
    ['1 < 2 < 3', 'compares twice'],
    ["1 < 'a'", 'compares a number with a text'],
    ['user.x ==', 'its end'],
    ["user.x == 'a", 'does not end'],
    ["user.x == 'a' extra", 'where it should end'],
    ['user.x = 1', 'means nothing here'],
    ["user.x == '\\q'", 'no escape'],
    ['99999999999999999999 > 1', 'whole number'],
    ['{"a": 1}.a == 1', 'means nothing here'],
    ["'a' in 'abc'", 'where a list is expected'],
    [`${'('.repeat(40)}true${')'.repeat(40)}`, 'nested deeper'],
    [`${'!'.repeat(40)}true`, 'nested deeper'],
    [`user.x == '${'a'.repeat(3_000)}'`, 'more than 2000'],
    ["user.x == '\ud800'", 'surrogate'],
    [`user.x in [${'1,'.repeat(990)}1`, 'expected'],
  ])('%j is refused: %s', (text, why) => {
    expect(problem(text)).toContain(why);
  });

  test('a problem says where it is', () => {
    expect(problem('true && caler.x == 1')).toContain('at column 9');
  });

  test('no text makes the reader throw', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'()[].&|!<>=+-*%?:,\'"a1 ') })),
        (text) => {
          parseCondition(text);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

const names = fc.constantFrom('environment', 'image.maxSeverity', 'none', 'uid');
const path: fc.Arbitrary<Expression> = fc.oneof(
  names.map((name): Expression => ({ kind: 'path', root: 'caller', names: name.split('.') })),
  fc
    .constantFrom('tenant', 'roles', 'age', 'vip', 'nothing', 'none')
    .map((name): Expression => ({ kind: 'path', root: 'user', names: [name] })),
);
const literal: fc.Arbitrary<Expression> = fc.oneof(
  fc
    .oneof(
      fc.constantFrom('a', 'prod', 'low', "it's", 'x\n"y\\'),
      fc.integer({ min: 0, max: 50 }),
      fc.boolean(),
      fc.constant(null),
    )
    .map((value): Expression => ({ kind: 'literal', value })),
  fc.constantFrom(1.5, 2, 40).map((value): Expression => ({ kind: 'double', value })),
);
const { expression } = fc.letrec<{ expression: Expression }>((tie) => {
  const inner = tie('expression');
  const pair = fc.record({ left: inner, right: inner });
  return {
    expression: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      path,
      literal,
      path.map((of): Expression => ({ kind: 'has', path: of as Extract<Expression, { kind: 'path' }> })),
      inner.map((of): Expression => ({ kind: 'not', of })),
      inner.map((of): Expression => ({ kind: 'minus', of })),
      inner.map((of): Expression => ({ kind: 'size', of })),
      pair.map((sides): Expression => ({ kind: 'and', ...sides })),
      pair.map((sides): Expression => ({ kind: 'or', ...sides })),
      fc
        .tuple(fc.constantFrom('==', '!=', '<', '<=', '>', '>=', 'in'), pair)
        .map(([operator, sides]): Expression => ({ kind: 'compare', operator, ...sides }) as Expression),
      fc
        .tuple(fc.constantFrom('+', '-', '*', '%'), pair)
        .map(([operator, sides]): Expression => ({ kind: 'arithmetic', operator, ...sides }) as Expression),
      fc
        .tuple(fc.constantFrom('startsWith', 'endsWith', 'contains'), inner, inner)
        .map(([name, of, argument]): Expression => ({ kind: 'method', name, of, argument }) as Expression),
      fc.record({ when: inner, yes: inner, no: inner }).map((parts): Expression => ({ kind: 'choose', ...parts })),
      fc.array(inner, { maxLength: 3 }).map((items): Expression => ({ kind: 'list', items })),
    ),
  };
});

test('the closure says what a plain walk over the tree says', () => {
  fc.assert(
    fc.property(expression, (condition) => {
      const walked = walk(condition);
      expect(compileCondition(condition)(input)).toBe(typeof walked === 'boolean' ? walked : undefined);
    }),
    { numRuns: 3_000 },
  );
});

test('what is printed reads back to the same, wherever it is well typed', () => {
  fc.assert(
    fc.property(expression, (condition) => {
      const parsed = parseCondition(printCondition(condition));
      if (!('problem' in parsed)) expect(parsed.condition).toEqual(condition);
    }),
    { numRuns: 2_000 },
  );
});

const failed = Symbol('error');

/** Written for these tests alone, in CEL's words: every error is one, and only `&&` and `||` may lose it. */
function walk(of: Expression): Value | typeof failed {
  switch (of.kind) {
    case 'literal':
    case 'double':
      return of.value;
    case 'list': {
      const values = of.items.map(walk);
      return values.includes(failed) ? failed : (values as Value[]);
    }
    case 'path': {
      const found = (input[of.root] as Record<string, Value>)[of.names.join('.')];
      return found === undefined ? failed : found;
    }
    case 'has':
      return walk(of.path) !== failed;
    case 'not': {
      const value = walk(of.of);
      return typeof value === 'boolean' ? !value : failed;
    }
    case 'minus': {
      const value = walk(of.of);
      return typeof value === 'number' ? -value : failed;
    }
    case 'size': {
      const value = walk(of.of);
      return typeof value === 'string' ? [...value].length : Array.isArray(value) ? value.length : failed;
    }
    case 'and': {
      const sides = [walk(of.left), walk(of.right)];
      if (sides.includes(false)) return false;
      return sides.every((side) => side === true) ? true : failed;
    }
    case 'or': {
      const sides = [walk(of.left), walk(of.right)];
      if (sides.includes(true)) return true;
      return sides.every((side) => side === false) ? false : failed;
    }
    case 'compare': {
      const [left, right] = [walk(of.left), walk(of.right)];
      if (left === failed || right === failed) return failed;
      if (of.operator === 'in')
        return Array.isArray(right) ? right.some((item) => JSON.stringify(item) === JSON.stringify(left)) : failed;
      if (of.operator === '==') return JSON.stringify(left) === JSON.stringify(right);
      if (of.operator === '!=') return JSON.stringify(left) !== JSON.stringify(right);
      if (typeof left !== typeof right || left === null || typeof left === 'object') return failed;
      const [one, other] = [left, right] as [string, string];
      return { '<': one < other, '<=': one <= other, '>': one > other, '>=': one >= other }[of.operator];
    }
    case 'arithmetic': {
      const [left, right] = [walk(of.left), walk(of.right)];
      if (typeof left !== 'number' || typeof right !== 'number') return failed;
      const value = { '+': left + right, '-': left - right, '*': left * right, '%': left % right }[of.operator];
      return Number.isFinite(value) && Math.abs(value) < 2 ** 53 ? value : failed;
    }
    case 'method': {
      const [text, part] = [walk(of.of), walk(of.argument)];
      if (typeof text !== 'string' || typeof part !== 'string') return failed;
      return { startsWith: text.startsWith(part), endsWith: text.endsWith(part), contains: text.includes(part) }[
        of.name
      ];
    }
    case 'choose': {
      const when = walk(of.when);
      return when === true ? walk(of.yes) : when === false ? walk(of.no) : failed;
    }
    default:
      return of satisfies never;
  }
}
