import type { ReactNode } from 'react';
import type { ApiError } from '../api.ts';
import { visible } from '../format.ts';
import { doorFrom } from '../views/login/destination.ts';
import { Link } from './link.tsx';

interface ProblemProps {
  readonly problem: ApiError;
  readonly retry?: () => void;
  /** A password was asked for: 401 says that it was wrong. */
  readonly proving?: boolean;
}

/** What went wrong and what to do about it, above what is still shown. */
export function Problem({ problem, retry, proving = false }: ProblemProps) {
  const signedOut = problem.status === 401 && !proving;
  return (
    <div className="problem" role="alert">
      <b>{signedOut ? 'You are signed out.' : sentence(visible(problem.message, 400))}</b>
      {problem.hint !== null && <span className="sub">{sentence(visible(problem.hint, 300))}</span>}
      {signedOut && <Link to={doorFrom(`${location.pathname}${location.search}`)}>Sign in</Link>}
      {!signedOut && retry !== undefined && (
        <button type="button" className="small" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Nothing here yet: says why, and which command fills it. */
export function Empty({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export function Loading() {
  return (
    <p className="faint" role="status">
      Asking the control plane …
    </p>
  );
}

function sentence(text: string): string {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…`]$/.test(start) ? start : `${start}.`;
}
