import type { MouseEvent, ReactNode } from 'react';
import { navigate } from '../router.ts';

/** A link inside the console: a real `href`, followed without loading the page anew. */
export function Link({
  to,
  children,
  className,
  current,
  label,
}: {
  to: string;
  children: ReactNode;
  className?: string;
  current?: boolean;
  label?: string;
}) {
  return (
    <a
      href={to}
      className={className}
      aria-current={current === true ? 'page' : undefined}
      aria-label={label}
      onClick={follow}
    >
      {children}
    </a>
  );

  function follow(event: MouseEvent): void {
    // With a modifier the browser opens a tab or window, as everywhere.
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
  }
}
