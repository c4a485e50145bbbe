import { expect, it } from 'vitest';
import { type Marked, placeLabels } from './labels.ts';

const fonts = {
  width: (text: string, size: number) => text.length * size * 0.6,
  fit: (text: string, width: number, size: number) => {
    const letters = Math.floor(width / (size * 0.6));
    return text.length <= letters ? text : letters < 7 ? '' : `${text.slice(0, letters - 1)}…`;
  },
};
const mark = (number: number, x: number, y = 60): Marked => ({
  key: `${number}`,
  number,
  sentence: 'catalog started a shell of some kind',
  note: 'Execution',
  x,
  y,
});

it('gives every mark at least its number when they stand close together', () => {
  const marks = Array.from({ length: 12 }, (_, index) => mark(index + 1, 100 + index * 34));
  expect(placeLabels(marks, [], 700, fonts)).toHaveLength(12);
});

it('never lets words of one side run into each other', () => {
  const labels = placeLabels([mark(1, 100), mark(2, 150), mark(3, 230), mark(4, 300)], [], 900, fonts);
  for (const side of [28, 32]) {
    const row = labels.filter(({ y }) => y === side || y === 88).toSorted((a, b) => a.x - b.x);
    for (const [index, label] of row.entries()) {
      const next = row[index + 1];
      if (next !== undefined && next.y === label.y)
        expect(label.x + fonts.width(label.text, 12.5)).toBeLessThan(next.x);
    }
  }
});

it('turns the last label round where there is no room to its right', () => {
  const [label] = placeLabels([mark(1, 680)], [], 700, fonts);
  expect(label?.anchor).toBe('end');
});

it('leaves a word between marks out rather than putting it over another', () => {
  const labels = placeLabels([mark(1, 100)], [{ key: 'tie', x: 100, y: 60, text: 'trace' }], 700, fonts);
  const tie = labels.find(({ key }) => key === 'tie');
  if (tie !== undefined) expect(Math.abs(tie.y - 60)).toBeGreaterThan(13);
});
