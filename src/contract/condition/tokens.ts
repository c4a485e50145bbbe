/** The words of a condition. */

export interface Token {
  readonly kind: 'name' | 'number' | 'string' | 'sign' | 'end';
  /** As it stands; of a string what it means. */
  readonly text: string;
  /** Index in the text. */
  readonly at: number;
}

export class ConditionFault extends Error {
  /** Index in the text. */
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

const signs = [
  '==',
  '!=',
  '<=',
  '>=',
  '&&',
  '||',
  '<',
  '>',
  '!',
  '(',
  ')',
  '[',
  ']',
  ',',
  '.',
  '?',
  ':',
  '+',
  '-',
  '*',
  '%',
];
const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '`': '`',
  '?': '?',
  a: '\u0007',
  b: '\b',
  f: '\f',
  v: '\v',
};

/** @throws ConditionFault */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text.charAt(at);
    if (/[ \t\r\n]/.test(char)) {
      at += 1;
    } else if (/[A-Za-z_]/.test(char)) {
      const word = /^[A-Za-z_][A-Za-z0-9_]*/.exec(text.slice(at))?.[0] ?? char;
      tokens.push({ kind: 'name', text: word, at });
      at += word.length;
    } else if (/[0-9]/.test(char)) {
      const number = /^[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?/.exec(text.slice(at))?.[0] ?? char;
      if (/^[A-Za-z_]/.test(text.slice(at + number.length)))
        throw new ConditionFault('has a number that runs into a word', at);
      tokens.push({ kind: 'number', text: number, at });
      at += number.length;
    } else if (char === "'" || char === '"') {
      const { value, end } = stringAt(text, at, char);
      tokens.push({ kind: 'string', text: value, at });
      at = end;
    } else {
      const sign = signs.find((known) => text.startsWith(known, at));
      if (sign === undefined) throw new ConditionFault(`has \`${char}\`, which means nothing here`, at);
      tokens.push({ kind: 'sign', text: sign, at });
      at += sign.length;
    }
  }
  return [...tokens, { kind: 'end', text: 'the end', at }];
}

function stringAt(text: string, start: number, quote: string): { readonly value: string; readonly end: number } {
  let value = '';
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === quote) return { value, end: at + 1 };
    if (char === '\n' || char === '\r') break;
    if (char !== '\\') {
      value += char;
      continue;
    }
    const next = text.charAt(at + 1);
    const code = /^(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4}))/.exec(text.slice(at + 1));
    const hex = code?.[1] ?? code?.[2];
    const plain = escapes[next];
    if (hex !== undefined) {
      value += String.fromCharCode(Number.parseInt(hex, 16));
      at += hex.length + 1;
    } else if (plain !== undefined) {
      value += plain;
      at += 1;
    } else throw new ConditionFault(`has \`\\${next}\`, which is no escape`, at);
  }
  throw new ConditionFault('has a text that does not end', start);
}
