/** Reads a condition. The grammar is that of CEL without macros, maps, messages and regular expressions. */
import { nearestName } from '../nearest-name.js';
import {
  type Arithmetic,
  type Comparison,
  comparisons,
  type Condition,
  type Expression,
  type MethodName,
  methods,
  type Root,
  roots,
} from './syntax.js';
import { ConditionFault, type Token, tokensOf } from './tokens.js';

/** One clause of a sentence ("has a text that does not end, at column 5"). */
export interface ConditionProblem {
  readonly problem: string;
}

const longest = 2_000;
const deepest = 32;
const largestList = 1_000;
const largestInt = 9_007_199_254_740_991;

type Path = Extract<Expression, { kind: 'path' }>;

export function parseCondition(text: string): { readonly condition: Condition } | ConditionProblem {
  if (text.length > longest) return { problem: `has more than ${longest} characters` };
  if (/\p{Surrogate}/u.test(text)) return { problem: 'holds a lone surrogate' };
  try {
    const condition = new Reader(tokensOf(text)).whole();
    const type = typeOf(condition);
    if (type !== 'bool' && type !== 'any') return { problem: `is ${words[type]}, not true or false` };
    return { condition };
  } catch (error) {
    if (error instanceof ConditionFault) return { problem: `${error.message}, at column ${error.at + 1}` };
    throw error;
  }
}

class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Expression {
    const read = this.#choice();
    const next = this.#peek();
    if (next.kind !== 'end') throw new ConditionFault(`has ${shown(next)} where it should end`, next.at);
    return read;
  }

  #choice(): Expression {
    this.#depth += 1;
    if (this.#depth > deepest) throw new ConditionFault(`is nested deeper than ${deepest}`, this.#peek().at);
    const when = this.#or();
    let read = when;
    if (this.#take('?')) {
      const yes = this.#or();
      this.#need(':');
      read = { kind: 'choose', when, yes, no: this.#choice() };
      this.#check(when, 'bool', 'before `?`');
    }
    this.#depth -= 1;
    return read;
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#take('||')) {
      const right = this.#and();
      this.#check(left, 'bool', 'beside `||`');
      this.#check(right, 'bool', 'beside `||`');
      left = { kind: 'or', left, right };
    }
    return left;
  }

  #and(): Expression {
    let left = this.#comparison();
    while (this.#take('&&')) {
      const right = this.#comparison();
      this.#check(left, 'bool', 'beside `&&`');
      this.#check(right, 'bool', 'beside `&&`');
      left = { kind: 'and', left, right };
    }
    return left;
  }

  #comparison(): Expression {
    const left = this.#sum();
    const operator = comparisons.find((known) => this.#take(known));
    if (operator === undefined) return left;
    const right = this.#sum();
    checkComparison(operator, left, right, this.#peek().at);
    const next = this.#peek();
    if (comparisons.some((known) => known === next.text && next.kind !== 'string'))
      throw new ConditionFault('compares twice without brackets', next.at);
    return { kind: 'compare', operator, left, right };
  }

  #sum(): Expression {
    let left = this.#product();
    for (;;) {
      const operator = (['+', '-'] as const).find((known) => this.#take(known));
      if (operator === undefined) return left;
      left = this.#arithmetic(operator, left, this.#product());
    }
  }

  #product(): Expression {
    let left = this.#unary();
    for (;;) {
      const operator = (['*', '%'] as const).find((known) => this.#take(known));
      if (operator === undefined) return left;
      left = this.#arithmetic(operator, left, this.#unary());
    }
  }

  #arithmetic(operator: Arithmetic, left: Expression, right: Expression): Expression {
    for (const side of [left, right]) this.#check(side, 'number', `beside \`${operator}\``);
    return { kind: 'arithmetic', operator, left, right };
  }

  #unary(): Expression {
    if (this.#take('!')) {
      const of = this.#deeper(() => this.#unary());
      this.#check(of, 'bool', 'after `!`');
      return { kind: 'not', of };
    }
    if (this.#take('-')) {
      const of = this.#deeper(() => this.#unary());
      this.#check(of, 'number', 'after `-`');
      return { kind: 'minus', of };
    }
    return this.#member();
  }

  #deeper(read: () => Expression): Expression {
    this.#depth += 1;
    if (this.#depth > deepest) throw new ConditionFault(`is nested deeper than ${deepest}`, this.#peek().at);
    const of = read();
    this.#depth -= 1;
    return of;
  }

  #member(): Expression {
    let read = this.#primary();
    for (;;) {
      if (this.#take('.')) {
        const name = this.#name();
        read = this.#take('(') ? this.#method(read, name) : this.#below(read, name.text, name.at);
      } else if (this.#peek().kind === 'sign' && this.#peek().text === '[') {
        const { at } = this.#next();
        const key = this.#next();
        if (key.kind !== 'string')
          throw new ConditionFault(`has ${shown(key)} between brackets: a name in quotes is expected`, key.at);
        this.#need(']');
        read = this.#below(read, key.text, at);
      } else return read;
    }
  }

  #below(of: Expression, name: string, at: number): Path {
    if (of.kind !== 'path') throw new ConditionFault(`asks for \`${name}\` of something that has no names`, at);
    return { ...of, names: [...of.names, name] };
  }

  #method(of: Expression, name: Token): Expression {
    const known = methods.find((one) => one === name.text);
    if (known === undefined)
      throw new ConditionFault(
        `calls \`${name.text}\`, which is not known${meant(name.text, [...methods, 'size', 'has'])}`,
        name.at,
      );
    const argument = this.#choice();
    this.#need(')');
    this.#check(of, 'string', `before \`.${known}\``);
    this.#check(argument, 'string', `in \`${known}()\``);
    return { kind: 'method', name: known satisfies MethodName, of, argument };
  }

  #primary(): Expression {
    const token = this.#next();
    if (token.kind === 'string') return { kind: 'literal', value: token.text };
    if (token.kind === 'number') return numberOf(token);
    if (token.kind === 'sign' && token.text === '(') {
      const read = this.#choice();
      this.#need(')');
      return read;
    }
    if (token.kind === 'sign' && token.text === '[') return this.#list(token);
    if (token.kind === 'name') return this.#named(token);
    throw new ConditionFault(`has ${shown(token)} where a value is expected`, token.at);
  }

  #named(token: Token): Expression {
    if (token.text === 'true' || token.text === 'false') return { kind: 'literal', value: token.text === 'true' };
    if (token.text === 'null') return { kind: 'literal', value: null };
    if (token.text === 'has' || token.text === 'size') {
      this.#need('(');
      const of = this.#choice();
      this.#need(')');
      if (token.text === 'size') {
        const type = typeOf(of);
        if (type !== 'any' && type !== 'string' && type !== 'list')
          throw new ConditionFault(`asks for the size of ${words[type]}`, token.at);
        return { kind: 'size', of };
      }
      if (of.kind !== 'path' || of.names.length === 0)
        throw new ConditionFault('asks `has()` of something else than a name such as `caller.environment`', token.at);
      return { kind: 'has', path: of };
    }
    const root = roots.find((known) => known === token.text);
    if (root === undefined)
      throw new ConditionFault(`names \`${token.text}\`, which is not known${meant(token.text, roots)}`, token.at);
    const next = this.#peek();
    if (next.kind !== 'sign' || (next.text !== '.' && next.text !== '['))
      throw new ConditionFault(`names \`${root}\` as a whole: ask for something of it`, token.at);
    return { kind: 'path', root: root satisfies Root, names: [] };
  }

  #list(open: Token): Expression {
    const items: Expression[] = [];
    if (this.#take(']')) return { kind: 'list', items };
    do {
      items.push(this.#choice());
      if (items.length > largestList) throw new ConditionFault(`has a list of more than ${largestList}`, open.at);
    } while (this.#take(','));
    this.#need(']');
    return { kind: 'list', items };
  }

  #check(of: Expression, wanted: Type, where: string): void {
    const type = typeOf(of);
    if (type !== 'any' && type !== wanted)
      throw new ConditionFault(`has ${words[type]} ${where}, where ${words[wanted]} is expected`, this.#peek().at);
  }

  #peek(): Token {
    const token = this.#tokens[Math.min(this.#at, this.#tokens.length - 1)];
    if (token === undefined) throw new ConditionFault('is empty', 0);
    return token;
  }

  #next(): Token {
    const token = this.#peek();
    this.#at += 1;
    return token;
  }

  #take(text: string): boolean {
    const token = this.#peek();
    const is = token.text === text && (token.kind === 'sign' || (token.kind === 'name' && text === 'in'));
    if (is) this.#at += 1;
    return is;
  }

  #need(text: string): void {
    const token = this.#peek();
    if (!this.#take(text)) throw new ConditionFault(`has ${shown(token)} where \`${text}\` is expected`, token.at);
  }

  #name(): Token {
    const token = this.#next();
    if (token.kind !== 'name') throw new ConditionFault(`has ${shown(token)} where a name is expected`, token.at);
    return token;
  }
}

type Type = 'bool' | 'string' | 'number' | 'null' | 'list' | 'any';

const words: Readonly<Record<Type, string>> = {
  bool: 'true or false',
  string: 'a text',
  number: 'a number',
  null: 'null',
  list: 'a list',
  any: 'a value',
};

function typeOf(of: Expression): Type {
  switch (of.kind) {
    case 'literal':
      if (of.value === null) return 'null';
      return typeof of.value === 'boolean' ? 'bool' : typeof of.value === 'number' ? 'number' : 'string';
    case 'double':
    case 'minus':
    case 'arithmetic':
    case 'size':
      return 'number';
    case 'list':
      return 'list';
    case 'has':
    case 'not':
    case 'and':
    case 'or':
    case 'compare':
    case 'method':
      return 'bool';
    case 'choose': {
      const [one, other] = [typeOf(of.yes), typeOf(of.no)];
      return one === other ? one : 'any';
    }
    case 'path':
      return 'any';
    default:
      return of satisfies never;
  }
}

function checkComparison(operator: Comparison, left: Expression, right: Expression, at: number): void {
  const [one, other] = [typeOf(left), typeOf(right)];
  if (operator === 'in') {
    if (other !== 'list' && other !== 'any')
      throw new ConditionFault(`has ${words[other]} after \`in\`, where a list is expected`, at);
  } else if (operator !== '==' && operator !== '!=') {
    for (const type of [one, other]) {
      if (type === 'any' || type === 'number' || type === 'string' || type === 'bool') continue;
      throw new ConditionFault(`has ${words[type]} beside \`${operator}\``, at);
    }
    if (one !== 'any' && other !== 'any' && one !== other)
      throw new ConditionFault(`compares ${words[one]} with ${words[other]}`, at);
  }
}

function numberOf(token: Token): Expression {
  const value = Number(token.text);
  if (/[.eE]/.test(token.text)) {
    if (!Number.isFinite(value)) throw new ConditionFault('has a number that is too large', token.at);
    return { kind: 'double', value };
  }
  if (value > largestInt) throw new ConditionFault(`has a whole number over ${largestInt}`, token.at);
  return { kind: 'literal', value };
}

function shown(token: Token): string {
  if (token.kind === 'end') return 'its end';
  return token.kind === 'string' ? 'a text' : `\`${token.text}\``;
}

function meant(given: string, known: readonly string[]): string {
  const name = nearestName(given, known);
  return name === undefined ? `; known are ${known.join(', ')}` : `; did you mean \`${name}\`?`;
}
