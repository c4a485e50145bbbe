import { type ReactNode, useRef } from 'react';

/** Draws the eye once when `value` changes, never on the first showing; still under `prefers-reduced-motion`. */
export function Live({ value, children }: { value: string | number; children: ReactNode }) {
  const before = useRef(value);
  const turn = useRef(0);
  if (before.current !== value) {
    before.current = value;
    turn.current += 1;
  }
  return (
    // A new key starts the animation anew.
    <span key={turn.current} className={turn.current === 0 ? undefined : 'changed'}>
      {children}
    </span>
  );
}
