/** Dark, light, or as the system says. Remembered in this browser. */
import { useSyncExternalStore } from 'react';

export type Theme = 'system' | 'dark' | 'light';
const key = 'tricordon-theme';
const watchers = new Set<() => void>();
let theme: Theme = 'system';

/** Before the first paint: the page never flashes in the other theme. */
export function restoreTheme(): void {
  try {
    const stored = localStorage.getItem(key);
    if (stored === 'dark' || stored === 'light') theme = stored;
  } catch {
    // Storage is blocked: the system's choice it is.
  }
  show();
}

export function useTheme(): Theme {
  return useSyncExternalStore(
    (notify) => {
      watchers.add(notify);
      return () => {
        watchers.delete(notify);
      };
    },
    () => theme,
  );
}

export function chooseTheme(next: Theme): void {
  theme = next;
  try {
    if (next === 'system') localStorage.removeItem(key);
    else localStorage.setItem(key, next);
  } catch {
    // Chosen for this page only.
  }
  show();
  for (const notify of watchers) notify();
}

function show(): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}
