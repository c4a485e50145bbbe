/** Finds room for words beside the marks: above or below, to the right or left; what finds none has its number only. */
import type { StoryStep } from '../../../../src/server/api-types.ts';
import { visible } from '../../format.ts';

export interface Label {
  readonly key: string;
  readonly x: number;
  readonly y: number;
  readonly anchor: 'start' | 'end';
  readonly text: string;
  readonly note: string;
}
interface Area {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}
interface Placed {
  readonly step: StoryStep;
  readonly number: number;
  readonly x: number;
  readonly y: number;
}

/** Generous: system fonts differ, and words must not run into each other in any. */
const letter = 7.3;

export function placeLabels(points: readonly Placed[], left: number, right: number): Label[] {
  const taken: Area[] = points.map(({ x, y }) => ({ left: x - 13, right: x + 13, top: y - 13, bottom: y + 13 }));
  const labels: Label[] = [];
  for (const { step, number, x, y } of points) {
    const note = step.tacticName ?? '';
    for (const length of [34, 24, 0]) {
      const text = length === 0 ? `${number}` : `${number}  ${visible(step.sentence, length)}`;
      const below = length === 0 ? '' : note;
      const width = Math.max(text.length * letter, below.length * 6.4);
      const found = spots(x, y, width, step.layer === null).find(
        ({ area }) => area.left >= left - 8 && area.right <= right && !taken.some((other) => overlap(area, other)),
      );
      if (found === undefined) continue;
      taken.push(found.area);
      labels.push({ key: step.id, x: found.x, y: found.y, anchor: found.anchor, text, note: below });
      break;
    }
  }
  return labels;
}

function spots(x: number, y: number, width: number, single: boolean): { x: number; y: number; anchor: 'start' | 'end'; area: Area }[] {
  const tall = single ? 14 : 28;
  return [y - 32, y + 28].flatMap((base) =>
    (['start', 'end'] as const).map((anchor) => {
      const from = anchor === 'start' ? x - 8 : x + 8 - width;
      const area = { left: from, right: from + width, top: base - 12, bottom: base - 12 + tall };
      return { x: anchor === 'start' ? x - 8 : x + 8, y: base, anchor, area };
    }),
  );
}

function overlap(a: Area, b: Area): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
