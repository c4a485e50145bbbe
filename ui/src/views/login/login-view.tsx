/** The door: a one-time link, or name and password. */
import { useEffect, useState } from 'react';
import type { LoginRequest, WhoAmI } from '../../../../src/server/api-types.ts';
import { rememberCsrf } from '../../api.ts';
import { type Asking, useAsking } from '../../ask.ts';
import { Command } from '../../parts/command.tsx';
import { Field, textOf } from '../../parts/field.tsx';
import { Mark } from '../../parts/mark.tsx';
import { Problem } from '../../parts/notice.tsx';
import { navigate } from '../../router.ts';
import { destination } from './destination.ts';

export function LoginView({ entered }: { readonly entered: (me: WhoAmI) => void }) {
  const [token] = useState(() => location.hash.slice(1));
  const [goal] = useState(() => destination(location.search));
  const asking = useAsking();
  useEffect(() => {
    // The token leaves the address bar and the history at once; it works only once anyway.
    if (location.hash !== '') history.replaceState(null, '', '/login');
    document.querySelector<HTMLInputElement>('.door input')?.focus();
  }, []);

  const enter = async (body: LoginRequest, next: string) => {
    const me = await asking.ask<WhoAmI>('enter', '/v1/login', body);
    if (me === undefined) return;
    rememberCsrf(me.csrf);
    entered(me);
    navigate(next);
  };

  return (
    <main id="main" className="door" tabIndex={-1}>
      <Mark size={56} />
      <h1>Tricordon</h1>
      <p className="lead">One contract for every workload, over runtime, network and API.</p>
      {asking.problem !== undefined && <Problem problem={asking.problem} proving />}
      {token === '' ? (
        <ByPassword asking={asking} enter={(body) => void enter(body, goal)} />
      ) : (
        <ByLink token={token} asking={asking} enter={(body) => void enter(body, '/you')} />
      )}
    </main>
  );
}

interface WayProps {
  readonly asking: Asking;
  readonly enter: (body: LoginRequest) => void;
}

function ByLink({ token, asking, enter }: WayProps & { readonly token: string }) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        enter({ token, name: textOf(event.currentTarget, 'name') });
      }}
    >
      <Field
        id="name"
        label="Your name"
        note="It stands beside everything you approve or undo in the audit trail."
        required
        maxLength={64}
        autoComplete="username"
      />
      <Enter asking={asking} />
    </form>
  );
}

function ByPassword({ asking, enter }: WayProps) {
  return (
    <>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const form = event.currentTarget;
          const code = textOf(form, 'code').trim();
          const name = textOf(form, 'name');
          enter({ name, password: textOf(form, 'password'), ...(code === '' ? {} : { code }) });
        }}
      >
        <Field id="name" label="Name" required maxLength={64} autoComplete="username" />
        <Field
          id="password"
          label="Password"
          type="password"
          required
          maxLength={256}
          autoComplete="current-password"
        />
        <Field
          id="code"
          label="Code"
          note="Of your authenticator, or a recovery code. Leave it empty if you have no second factor."
          maxLength={64}
          autoComplete="one-time-code"
          spellCheck={false}
        />
        <Enter asking={asking} />
      </form>
      <details className="door-help">
        <summary>No password yet, or it is lost</summary>
        <p className="sub">
          Open your one-time link, or ask an administrator for one. The first one is printed by this command when
          everything runs:
        </p>
        <Command text="tricordon up" />
      </details>
    </>
  );
}

function Enter({ asking }: { readonly asking: Asking }) {
  return (
    <button type="submit" className="go" disabled={asking.busy !== undefined}>
      {asking.busy === undefined ? 'Sign in' : 'Signing in …'}
    </button>
  );
}
