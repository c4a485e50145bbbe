import { describe, expect, test } from 'vitest';
import { PathTable, type Placed } from './path-table.js';
import { parseTemplate } from './path-template.js';

interface Asked {
  readonly name: string | null | undefined;
}
interface Clause extends Placed<Asked> {
  readonly id: string;
}

describe.each(['/orders', '/orders/{id:int}', '/orders/**'])('at %s', (template) => {
  const path = template === '/orders' ? '/orders' : '/orders/7';
  const found = (clauses: readonly Clause[], name: string | null | undefined) => {
    const table = new PathTable<Asked, Clause>((request) => request.name);
    const segments = parseTemplate(template);
    if (typeof segments === 'string') throw new Error(segments);
    for (const clause of clauses) table.add(segments, template, clause);
    return table.find(path, { name })?.id;
  };

  test.each([0, 1, 2, 3, 4])(
    'a clause of %i names takes in these and nobody else, least of all one without a name',
    (count) => {
      const names = ['a', 'b', 'c', 'd'].slice(0, count);
      const clauses = [clause('one', 0, names)];
      for (const name of names) expect(found(clauses, name)).toBe('one');
      for (const name of ['e', '', null, undefined]) expect(found(clauses, name)).toBeUndefined();
    },
  );

  test('of several clauses the first that names the caller answers', () => {
    const clauses = [clause('one', 0, ['a']), clause('two', 1, ['a', 'b']), clause('three', 2, ['c'])];
    expect(['a', 'b', 'c', 'd', null, undefined].map((name) => found(clauses, name))).toEqual([
      'one',
      'two',
      'three',
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('a name is not enough where the clause asks for more', () => {
    const never = { ...clause('one', 0, ['a']), holds: () => false };
    expect(found([never], 'a')).toBeUndefined();
    expect(found([never, clause('two', 1, ['a'])], 'a')).toBe('two');
  });

  test('a clause that takes in others takes in those that it does not name', () => {
    const clauses = [{ ...clause('one', 0, ['a']), others: ({ name }: Asked) => name === null }];
    expect(['a', 'b', null].map((name) => found(clauses, name))).toEqual(['one', undefined, 'one']);
  });
});

function clause(id: string, order: number, names: readonly string[]): Clause {
  return { id, order, names, others: undefined, holds: undefined };
}
