/** What a view shows when it has nothing, not yet anything, or could not get it. */
import type { ReactNode } from 'react';
import type { ApiError } from '../api.ts';
import { visible } from '../format.ts';
import { Fix } from './command.tsx';
import { Mark } from './shapes.tsx';

export function Empty({ title, children, command }: { title: string; children?: ReactNode; command?: string }) {
  return (
    <div className="empty">
      <Mark />
      <p className="empty-title">{title}</p>
      {children !== undefined && <p>{children}</p>}
      {command !== undefined && <Fix text={command} />}
    </div>
  );
}

export function ProblemNote({ problem, retry }: { problem: ApiError; retry?: () => void }) {
  return (
    <div className="problem" role="alert">
      <p>
        <strong>{sentence(problem.message)}</strong> {problem.hint !== null && <span>{sentence(problem.hint)}</span>}
      </p>
      {retry !== undefined && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

export function Loading({ what }: { what: string }) {
  return (
    <p className="loading" role="status">
      Reading {what} …
    </p>
  );
}

/** Messages of the control plane start lower case and have no full stop. */
function sentence(text: string): string {
  const shown = visible(text, 400).replaceAll('`', '');
  return `${shown.charAt(0).toUpperCase()}${shown.slice(1)}${/[.!?]$/.test(shown) ? '' : '.'}`;
}
