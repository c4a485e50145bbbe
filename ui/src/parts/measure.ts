/** How wide a box is and how wide a text will be: what SVG cannot find out by itself. */
import { type RefObject, useLayoutEffect, useRef, useState } from 'react';

export function useWidth<Box extends HTMLElement>(): { ref: RefObject<Box | null>; width: number } {
  const ref = useRef<Box | null>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const box = ref.current;
    if (box === null) return;
    setWidth(Math.floor(box.clientWidth));
    const observer = new ResizeObserver(() => setWidth(Math.floor(box.clientWidth)));
    observer.observe(box);
    return () => observer.disconnect();
  }, []);
  return { ref, width };
}

let context: CanvasRenderingContext2D | null | undefined;

/** Width in pixels in the console's own font; a fair guess where there is no canvas. */
export function textWidth(text: string, size: number, weight = 400): number {
  if (typeof document === 'undefined') return text.length * size * 0.56;
  context ??= document.createElement('canvas').getContext('2d');
  if (context === null || context === undefined) return text.length * size * 0.56;
  context.font = `${weight} ${size}px ${getComputedStyle(document.documentElement).getPropertyValue('--font')}`;
  return context.measureText(text).width;
}

/** Cuts a text to a width, with an ellipsis. */
export function fit(text: string, size: number, width: number): string {
  if (textWidth(text, size) <= width) return text;
  let end = Math.max(1, Math.floor((text.length * width) / Math.max(1, textWidth(text, size))));
  while (end > 1 && textWidth(`${text.slice(0, end)}…`, size) > width) end -= 1;
  return `${text.slice(0, end)}…`;
}
