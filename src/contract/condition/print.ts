/** A condition as text that reads back to the same. */
import type { Condition, Expression } from './syntax.js';

export function printCondition(condition: Condition): string {
  return print(condition, 0);
}

/** Binding strength, loosest first: what binds looser than its surroundings stands in brackets. */
function print(of: Expression, around: number): string {
  const [text, own] = written(of);
  return own < around ? `(${text})` : text;
}

function written(of: Expression): readonly [string, number] {
  switch (of.kind) {
    case 'literal':
      return [typeof of.value === 'string' ? quoted(of.value) : String(of.value), 9];
    case 'double': {
      const text = String(of.value);
      return [/[.e]/.test(text) ? text : `${text}.0`, 9];
    }
    case 'list':
      return [`[${of.items.map((item) => print(item, 0)).join(', ')}]`, 9];
    case 'path':
      return [
        `${of.root}${of.names.map((name) => (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && name !== 'in' ? `.${name}` : `[${quoted(name)}]`)).join('')}`,
        9,
      ];
    case 'has':
      return [`has(${print(of.path, 0)})`, 9];
    case 'size':
      return [`size(${print(of.of, 0)})`, 9];
    case 'method':
      return [`${print(of.of, 9)}.${of.name}(${print(of.argument, 0)})`, 9];
    case 'not':
      return [`!${print(of.of, 7)}`, 7];
    case 'minus':
      return [`-${print(of.of, 7)}`, 7];
    case 'arithmetic': {
      const own = of.operator === '*' || of.operator === '%' ? 6 : 5;
      return [`${print(of.left, own)} ${of.operator} ${print(of.right, own + 1)}`, own];
    }
    case 'compare':
      return [`${print(of.left, 5)} ${of.operator} ${print(of.right, 5)}`, 4];
    case 'and':
      return [`${print(of.left, 3)} && ${print(of.right, 4)}`, 3];
    case 'or':
      return [`${print(of.left, 2)} || ${print(of.right, 3)}`, 2];
    case 'choose':
      return [`${print(of.when, 2)} ? ${print(of.yes, 2)} : ${print(of.no, 1)}`, 1];
    default:
      return of satisfies never;
  }
}

function quoted(text: string): string {
  const plain = text.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');
  return `'${plain.replace(/[\u0000-\u001f\u007f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)}'`;
}
