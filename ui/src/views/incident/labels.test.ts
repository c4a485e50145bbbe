import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Label, type Marked, placeLabels } from './labels.ts';

const room = { right: 700, bottom: 360 };
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
  expect(placeLabels(marks, [], room, fonts)).toHaveLength(12);
});

it('never lets words of one side run into each other', () => {
  const labels = placeLabels(
    [mark(1, 100), mark(2, 150), mark(3, 230), mark(4, 300)],
    [],
    { right: 900, bottom: 360 },
    fonts,
  );
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
  const [label] = placeLabels([mark(1, 680)], [], room, fonts);
  expect(label?.anchor).toBe('end');
});

it('leaves a word between marks out rather than putting it over another', () => {
  const labels = placeLabels([mark(1, 100)], [{ key: 'tie', x: 100, y: 60, text: 'trace' }], room, fonts);
  expect(labels.find(({ key }) => key === 'tie')).toMatchObject({ y: 88 });
  const wall = Array.from({ length: 10 }, (_, index) => mark(index + 2, 100, 40 + index * 12));
  const dense = placeLabels([mark(1, 100), ...wall], [{ key: 'tie', x: 100, y: 60, text: 'trace' }], room, fonts);
  expect(dense.find(({ key }) => key === 'tie')).toBeUndefined();
});

it('keeps all words apart and inside the drawing, however dense the story is', () => {
  const lanes = [60, 152, 244, 325];
  const point = fc.record({ x: fc.integer({ min: 20, max: 680 }), lane: fc.integer({ min: 0, max: 3 }) });
  fc.assert(
    fc.property(fc.array(point, { maxLength: 40 }), fc.array(point, { maxLength: 12 }), (points, ties) => {
      const marks = points.map(({ x, lane }, index) => mark(index + 1, x, lanes[lane]));
      const words = ties.map(({ x, lane }, index) => ({ key: `t${index}`, x, y: lanes[lane] ?? 0, text: 'trace' }));
      const areas = placeLabels(marks, words, room, fonts).map(areaOf);
      for (const [index, area] of areas.entries()) {
        expect(area.top).toBeGreaterThanOrEqual(0);
        expect(area.bottom).toBeLessThanOrEqual(360);
        for (const other of areas.slice(index + 1)) {
          const apart =
            area.right <= other.left ||
            other.right <= area.left ||
            area.bottom <= other.top ||
            other.bottom <= area.top;
          expect(apart, JSON.stringify([area, other])).toBe(true);
        }
      }
    }),
  );
});

/** As the browser draws it: the note's line below the text's, both on a base line. */
function areaOf({ x, y, anchor, text, note, key }: Label) {
  const size = key.startsWith('t') ? 11 : 12.5;
  const width = Math.max(fonts.width(text, size), fonts.width(note, 11));
  const left = anchor === 'end' ? x - width : anchor === 'middle' ? x - width / 2 : x;
  return { left, right: left + width, top: y - 10, bottom: y + (note === '' ? 3 : 16) };
}
