/** Finds room for words beside the marks: above the lane or below it, cut to what is left before the next one. Pure. */

export interface Label {
  readonly key: string;
  readonly x: number;
  readonly y: number;
  readonly anchor: 'start' | 'middle' | 'end';
  readonly text: string;
  readonly note: string;
}
export interface Marked {
  readonly key: string;
  readonly number: number;
  readonly sentence: string;
  readonly note: string;
  readonly x: number;
  readonly y: number;
}
/** A word that belongs somewhere between two marks. */
export interface Between {
  readonly key: string;
  readonly x: number;
  readonly y: number;
  readonly text: string;
}
export interface Fonts {
  readonly width: (text: string, size: number) => number;
  readonly fit: (text: string, width: number, size: number) => string;
}
interface Area {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export const labelSize = 12.5;
export const noteSize = 11;
const space = 14;
const widest = 260;

/** Every mark gets at least its number wherever marks stand 30 pixels apart. */
export function placeLabels(
  marks: readonly Marked[],
  between: readonly Between[],
  { right, bottom }: { readonly right: number; readonly bottom: number },
  fonts: Fonts,
): Label[] {
  const labels: Label[] = [];
  const taken: Area[] = marks.map(({ x, y }) => ({ left: x - 13, right: x + 13, top: y - 13, bottom: y + 13 }));
  for (const lane of byLane(marks)) {
    const until = { above: Number.NEGATIVE_INFINITY, below: Number.NEGATIVE_INFINITY };
    for (const [index, mark] of lane.entries()) {
      const side = until.above <= mark.x - 8 ? 'above' : 'below';
      if (until[side] > mark.x - 8) continue;
      // The mark after the next one needs this side; the next one has the other.
      const end = Math.min(right, (lane[index + 2]?.x ?? Number.POSITIVE_INFINITY) - 8);
      const ahead = Math.min(widest, end - (mark.x - 8) - space);
      const behind = Math.min(widest, mark.x + 8 - Math.max(until[side], lane[index - 1]?.x ?? 0) - space);
      const backwards = ahead < 120 && end === right && behind > ahead;
      const room = backwards ? behind : ahead;
      const words = fonts.fit(`${mark.number} ${mark.sentence}`, room, labelSize);
      const text = words === '' ? `${mark.number}` : words;
      const x = backwards ? mark.x + 8 : mark.x - 8;
      const place = (note: string) => {
        const width = Math.max(fonts.width(text, labelSize), fonts.width(note, noteSize));
        const y = side === 'below' ? mark.y + 28 : note === '' ? mark.y - 20 : mark.y - 32;
        const left = backwards ? x - width : x;
        return { note, y, area: { left, right: left + width, top: y - 12, bottom: y + (note === '' ? 4 : 18) } };
      };
      // The second line gives way where it would reach into the words of the next lane, or out of the drawing.
      const noted = place(words === '' ? '' : fonts.fit(mark.note, room, noteSize));
      const crowded = noted.area.bottom > bottom || taken.some((other) => overlap(noted.area, other));
      const { note, y, area } = crowded ? place('') : noted;
      until[side] = area.right + space;
      taken.push(area);
      labels.push({ key: mark.key, x, y, anchor: backwards ? 'end' : 'start', text, note });
    }
  }
  // What finds no room is still said by the line's title, the story and the table.
  for (const { key, x, y, text } of between) {
    const half = fonts.width(text, noteSize) / 2 + 3;
    for (const dy of [0, 14, -14, 28, -28, 42]) {
      const area = { left: x - half, right: x + half, top: y + dy - 10, bottom: y + dy + 4 };
      if (area.left < 0 || area.right > right || area.top < 0 || area.bottom > bottom) continue;
      if (taken.some((other) => overlap(area, other))) continue;
      taken.push(area);
      labels.push({ key, x, y: y + dy, anchor: 'middle', text, note: '' });
      break;
    }
  }
  return labels;
}

function byLane(marks: readonly Marked[]): Marked[][] {
  const lanes = new Map<number, Marked[]>();
  for (const mark of marks) lanes.set(mark.y, [...(lanes.get(mark.y) ?? []), mark]);
  return [...lanes.values()].map((lane) => lane.toSorted((a, b) => a.x - b.x));
}

function overlap(a: Area, b: Area): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
