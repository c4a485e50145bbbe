import { type FormEvent, useEffect, useRef, useState } from 'react';
import type { LoginRequest, WhoAmI } from '../../../../src/server/api-types.ts';
import { ApiError, post, rememberCsrf } from '../../api.ts';
import { Command } from '../../parts/command.tsx';
import { Mark } from '../../parts/mark.tsx';
import { Problem } from '../../parts/notice.tsx';
import { navigate } from '../../router.ts';

/** Trades the one-time token in the link's fragment for a session. */
export function LoginView({ entered }: { readonly entered: (me: WhoAmI) => void }) {
  const [token] = useState(() => location.hash.slice(1));
  const [problem, setProblem] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const name = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // The token leaves the address bar and the history at once; it works only once anyway.
    if (location.hash !== '') history.replaceState(null, '', '/login');
    name.current?.focus();
  }, []);

  const enter = (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    const body: LoginRequest = { token, name: name.current?.value ?? '' };
    post<WhoAmI>('/v1/login', body).then(
      (me) => {
        rememberCsrf(me.csrf);
        entered(me);
        navigate('/coverage');
      },
      (error: unknown) => {
        setBusy(false);
        setProblem(error instanceof ApiError ? error : new ApiError(0, 'unexpected', 'that did not work', null));
      },
    );
  };

  return (
    <main id="main" className="door" tabIndex={-1}>
      <Mark size={56} />
      <h1>Tricordon</h1>
      <p className="lead">One contract for every workload, over runtime, network and API.</p>
      {problem !== undefined && <Problem problem={problem} />}
      {token === '' ? (
        <>
          <h2>You need a login link</h2>
          <p>It is printed by this command when everything runs. A link works once, within 15 minutes.</p>
          <Command text="tricordon up" />
        </>
      ) : (
        <form onSubmit={enter}>
          <label htmlFor="name">Your name</label>
          <input
            ref={name}
            id="name"
            name="name"
            required
            maxLength={64}
            autoComplete="username"
            aria-describedby="name-note"
          />
          <p id="name-note" className="sub">
            It stands beside everything you approve or undo in the audit trail.
          </p>
          <button type="submit" className="go" disabled={busy}>
            {busy ? 'Signing in …' : 'Sign in'}
          </button>
        </form>
      )}
    </main>
  );
}
