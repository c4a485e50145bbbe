/** A condition as a closure. Nothing of its text is run as code. */
import type { Value } from '../../model/index.js';
import type { Condition, Expression } from './syntax.js';

export type Values = Readonly<Record<string, Value>>;

export interface ConditionInput {
  readonly caller: Values;
  readonly callee: Values;
  readonly user: Values;
  readonly request: Values;
}

/** What a part of a condition comes to; undefined: a value is missing, or of a type that does not go with it. */
type Evaluate = (input: ConditionInput) => Value | undefined;

/** undefined where CEL has an error: a missing value, a comparison across types, an overflow. */
export function compileCondition(condition: Condition): (input: ConditionInput) => boolean | undefined {
  const evaluate = compile(condition);
  return (input) => {
    const value = evaluate(input);
    return typeof value === 'boolean' ? value : undefined;
  };
}

function compile(of: Expression): Evaluate {
  switch (of.kind) {
    case 'literal':
    case 'double': {
      const { value } = of;
      return () => value;
    }
    case 'list': {
      const items = of.items.map(compile);
      return (input) => {
        const values: Value[] = [];
        for (const item of items) {
          const value = item(input);
          if (value === undefined) return undefined;
          values.push(value);
        }
        return values;
      };
    }
    case 'path': {
      const { root } = of;
      const find = finder(of.names);
      return (input) => find(input[root]);
    }
    case 'has': {
      const find = finder(of.path.names);
      const { root } = of.path;
      return (input) => find(input[root]) !== undefined;
    }
    case 'size': {
      const inner = compile(of.of);
      return (input) => {
        const value = inner(input);
        if (typeof value === 'string') return codePoints(value);
        return Array.isArray(value) ? value.length : undefined;
      };
    }
    case 'method': {
      const [inner, argument, { name }] = [compile(of.of), compile(of.argument), of];
      return (input) => {
        const [text, part] = [inner(input), argument(input)];
        if (typeof text !== 'string' || typeof part !== 'string') return undefined;
        return name === 'startsWith'
          ? text.startsWith(part)
          : name === 'endsWith'
            ? text.endsWith(part)
            : text.includes(part);
      };
    }
    case 'not': {
      const inner = compile(of.of);
      return (input) => {
        const value = inner(input);
        return typeof value === 'boolean' ? !value : undefined;
      };
    }
    case 'minus': {
      const inner = compile(of.of);
      return (input) => {
        const value = inner(input);
        return typeof value === 'number' ? -value : undefined;
      };
    }
    case 'and':
    case 'or': {
      const [left, right] = [compile(of.left), compile(of.right)];
      // What is sure whatever the other side is: false for `&&`, true for `||`.
      const sure = of.kind === 'or';
      return (input) => {
        const one = left(input);
        if (one === sure) return sure;
        const other = right(input);
        if (other === sure) return sure;
        return one === !sure && other === !sure ? !sure : undefined;
      };
    }
    case 'compare':
      return comparison(of);
    case 'arithmetic': {
      const [left, right, { operator }] = [compile(of.left), compile(of.right), of];
      return (input) => {
        const [one, other] = [left(input), right(input)];
        if (typeof one !== 'number' || typeof other !== 'number') return undefined;
        return within(
          operator === '+'
            ? one + other
            : operator === '-'
              ? one - other
              : operator === '*'
                ? one * other
                : one % other,
        );
      };
    }
    case 'choose': {
      const [when, yes, no] = [compile(of.when), compile(of.yes), compile(of.no)];
      return (input) => {
        const value = when(input);
        return value === true ? yes(input) : value === false ? no(input) : undefined;
      };
    }
    default:
      return of satisfies never;
  }
}

function comparison({ operator, left, right }: Extract<Expression, { kind: 'compare' }>): Evaluate {
  const [one, other] = [compile(left), compile(right)];
  if (operator === '==' || operator === '!=') {
    const wanted = operator === '==';
    return (input) => {
      const [a, b] = [one(input), other(input)];
      return a === undefined || b === undefined ? undefined : same(a, b) === wanted;
    };
  }
  if (operator === 'in') {
    return (input) => {
      const [a, b] = [one(input), other(input)];
      if (a === undefined || !Array.isArray(b)) return undefined;
      return b.some((item: Value) => same(a, item));
    };
  }
  return (input) => {
    const [a, b] = [one(input), other(input)];
    if (a === undefined || b === undefined || a === null || b === null) return undefined;
    if (typeof a !== typeof b || typeof a === 'object') return undefined;
    const order = typeof a === 'string' ? byCodePoints(a, b as string) : Number(a) - Number(b);
    return operator === '<' ? order < 0 : operator === '<=' ? order <= 0 : operator === '>' ? order > 0 : order >= 0;
  };
}

/** An attribute by its longest dotted name first, else through objects; own members alone. */
function finder(names: readonly string[]): (values: Values) => Value | undefined {
  const ways = names.map((_, index) => {
    const first = names.length - index;
    return { key: names.slice(0, first).join('.'), rest: names.slice(first) };
  });
  return (values) => {
    for (const { key, rest } of ways) {
      if (!Object.hasOwn(values, key)) continue;
      let at: Value | undefined = values[key];
      for (const name of rest) {
        if (typeof at !== 'object' || at === null || Array.isArray(at) || !Object.hasOwn(at, name)) {
          at = undefined;
          break;
        }
        at = (at as Values)[name];
      }
      if (at !== undefined) return at;
    }
    return undefined;
  };
}

/** CEL's equality: values of different types differ. */
function same(one: Value, other: Value): boolean {
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((item: Value, index) => same(item, other[index] as Value));
  if (typeof one === 'object' && typeof other === 'object' && one !== null && other !== null) {
    if (Array.isArray(one) || Array.isArray(other)) return false;
    const [mine, theirs] = [one as Values, other as Values];
    const keys = Object.keys(mine);
    return (
      keys.length === Object.keys(theirs).length &&
      keys.every((key) => Object.hasOwn(theirs, key) && same(mine[key] as Value, theirs[key] as Value))
    );
  }
  return one === other;
}

/** Numbers are IEEE doubles here; what CEL's 64-bit integers could not hold either is an error. */
function within(value: number): number | undefined {
  return Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER ? value : undefined;
}

function codePoints(text: string): number {
  let count = 0;
  for (const _point of text) count += 1;
  return count;
}

/** UTF-16 order differs from that of code points for what lies beyond the basic plane. */
function byCodePoints(one: string, other: string): number {
  return one === other ? 0 : Buffer.compare(Buffer.from(one), Buffer.from(other));
}
