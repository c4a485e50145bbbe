import { expect, test } from 'vitest';
import { containerEnvironment } from './image.js';

const here = (name: string) => (name === 'SECRET' ? 'from here' : undefined);

test('a variable of a container is given with its value, or taken from here by its name', () => {
  expect(containerEnvironment(['A=b=c', 'EMPTY=', 'SECRET', 'ABSENT'], here)).toEqual({
    A: 'b=c',
    EMPTY: '',
    SECRET: 'from here',
  });
});

test('what is no name of a variable is refused, and its value is not repeated', () => {
  expect(() => containerEnvironment(['1=hidden'], here)).toThrow('`1` is no name of a variable');
});
