/** How wide a text will be in the fonts of this system: drawings keep room for words before they are drawn. */
const cache = new Map<string, number>();
let context: CanvasRenderingContext2D | null | undefined;

export function textWidth(text: string, size: number, weight: 400 | 600 = 400): number {
  const key = `${size} ${weight} ${text}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  if (context === undefined) context = document.createElement('canvas').getContext('2d');
  const family = getComputedStyle(document.documentElement).getPropertyValue('--font');
  if (context === null) return text.length * size * 0.66;
  context.font = `${weight} ${size}px ${family}`;
  const width = context.measureText(text).width;
  if (cache.size > 5_000) cache.clear();
  cache.set(key, width);
  return width;
}

/** As much of a text as fits, with an ellipsis; empty when not even a few letters do. */
export function fitText(text: string, width: number, size: number, weight: 400 | 600 = 400): string {
  if (textWidth(text, size, weight) <= width) return text;
  for (let length = Math.min(text.length - 1, Math.floor(width / (size * 0.3))); length >= 6; length -= 1) {
    const cut = `${text.slice(0, length).trimEnd()}…`;
    if (textWidth(cut, size, weight) <= width) return cut;
  }
  return '';
}
