import type { MouseEvent, ReactNode } from 'react';
import { navigate } from '../router.ts';

interface LinkProps {
  readonly to: string;
  readonly children: ReactNode;
  readonly className?: string;
  readonly current?: boolean;
}

/** A link inside the console: a real one, so that it opens in a new tab, is copied and is read out as one. */
export function Link({ to, children, className, current }: LinkProps) {
  const go = (event: MouseEvent<HTMLAnchorElement>) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    navigate(to);
  };
  return (
    <a href={to} onClick={go} className={className} {...(current === true ? { 'aria-current': 'page' as const } : {})}>
      {children}
    </a>
  );
}
