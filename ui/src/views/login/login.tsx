/**
 * Trades the one-time link for a session. The token stands in the fragment, which browsers never send, and is taken out
 * of the address bar at once: it must not stay in the history or in a screenshot.
 */
import { type FormEvent, useEffect, useState } from 'react';
import type { LoginRequest, WhoAmI } from '../../../../src/server/api-types.ts';
import { ApiError, post } from '../../api.ts';
import { Command } from '../../parts/command.tsx';
import { ProblemNote } from '../../parts/notes.tsx';
import { Mark } from '../../parts/shapes.tsx';

let token = takeToken();

export function LoginView({ onSignedIn }: { onSignedIn: (me: WhoAmI) => void }) {
  const [name, setName] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ApiError | undefined>(undefined);
  const [, setHeld] = useState(token);
  useEffect(() => {
    document.title = 'Sign in · Tricordon';
    // A second link opened in the same tab changes the fragment only.
    const changed = () => {
      token = takeToken() ?? token;
      setHeld(token);
    };
    window.addEventListener('hashchange', changed);
    return () => window.removeEventListener('hashchange', changed);
  }, []);
  return (
    <div className="login">
      <Mark />
      <h1>Sign in to Tricordon</h1>
      {token === undefined ? (
        <>
          <p>This console opens with a one-time link. Make one on the machine where the control plane runs:</p>
          <Command text="tricordon status --login" />
          <p className="faint">A link works once and for fifteen minutes. Whatever was open here is closed.</p>
        </>
      ) : (
        <form onSubmit={signIn}>
          <label htmlFor="name">Your name</label>
          <p className="faint" id="name-note">
            It stands in the audit trail beside everything you decide.
          </p>
          <input
            id="name"
            name="name"
            autoComplete="username"
            aria-describedby="name-note"
            required
            maxLength={64}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <button type="submit" className="go" disabled={busy}>
            {busy ? 'Signing in …' : 'Sign in'}
          </button>
        </form>
      )}
      {problem !== undefined && <ProblemNote problem={problem} />}
    </div>
  );

  function signIn(event: FormEvent): void {
    event.preventDefault();
    if (token === undefined) return;
    setBusy(true);
    setProblem(undefined);
    const request: LoginRequest = { token, name: name.trim() };
    post<WhoAmI>('/v1/login', request).then(
      (me) => {
        token = undefined;
        onSignedIn(me);
      },
      (error: unknown) => {
        setBusy(false);
        if (!(error instanceof ApiError)) return;
        // The link is used up or unknown; a name that was not accepted may be tried again.
        if (error.status === 401) token = undefined;
        setProblem(error);
      },
    );
  }
}

function takeToken(): string | undefined {
  const found = /^#([A-Za-z0-9_-]{20,200})$/.exec(location.hash)?.[1];
  if (location.pathname !== '/login' || found === undefined) return undefined;
  history.replaceState(null, '', '/login');
  return found;
}
