import { type FormEvent, useState } from 'react';
import type { AccountAnswer, WhoAmI } from '../../../../src/server/api-types.ts';
import { rememberCsrf } from '../../api.ts';
import { useAsking } from '../../ask.ts';
import { Field, textOf } from '../../parts/field.tsx';
import { Problem } from '../../parts/notice.tsx';

/** A first password, or another one. */
export function Password({ account, changed }: { readonly account: AccountAnswer; readonly changed: () => void }) {
  const { busy, problem, ask, forget } = useAsking();
  const [said, setSaid] = useState<'saved' | 'differ'>();

  const save = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const password = textOf(form, 'new-password');
    forget();
    if (password !== textOf(form, 'repeat-password')) return setSaid('differ');
    setSaid(undefined);
    const code = textOf(form, 'password-code').trim();
    const me = await ask<WhoAmI>('save', '/v1/password', {
      password,
      ...(account.hasPassword ? { current: textOf(form, 'current-password') } : {}),
      ...(code === '' ? {} : { code }),
    });
    if (me === undefined) return;
    // All sessions ended, this one too: the answer brought another one.
    rememberCsrf(me.csrf);
    form.reset();
    setSaid('saved');
    changed();
  };

  return (
    <section className="card" aria-labelledby="password-title">
      <h2 id="password-title">Password</h2>
      <p className="sub">
        {account.hasPassword
          ? 'Changing it ends all your other sessions.'
          : 'You have none yet, and came in by a one-time link. Without one you need another link next time.'}
      </p>
      {problem !== undefined && <Problem problem={problem} proving />}
      <form onSubmit={(event) => void save(event)}>
        <input type="text" name="username" autoComplete="username" value={account.account} readOnly hidden />
        {account.hasPassword && (
          <Field
            id="current-password"
            label="Current password"
            type="password"
            required
            maxLength={256}
            autoComplete="current-password"
          />
        )}
        {account.hasPassword && account.hasTotp && (
          <Field id="password-code" label="Code" required maxLength={64} autoComplete="one-time-code" />
        )}
        <Field
          id="new-password"
          label="New password"
          note="At least 12 characters; long rather than complicated."
          type="password"
          required
          minLength={12}
          maxLength={256}
          autoComplete="new-password"
        />
        <Field
          id="repeat-password"
          label="The same again"
          type="password"
          required
          maxLength={256}
          autoComplete="new-password"
        />
        <p role="status" className={said === 'differ' ? 'say-bad' : 'say-good'}>
          {said === 'differ' ? 'The two are not the same.' : said === 'saved' ? 'Saved.' : ''}
        </p>
        <button type="submit" disabled={busy !== undefined}>
          {busy !== undefined ? 'Saving …' : account.hasPassword ? 'Change the password' : 'Set the password'}
        </button>
      </form>
    </section>
  );
}
