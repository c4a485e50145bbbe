import { type FormEvent, useState } from 'react';
import type { AccountAnswer, RecoveryCodes, TotpOffer } from '../../../../src/server/api-types.ts';
import { useAsking } from '../../ask.ts';
import { plural } from '../../format.ts';
import { Command } from '../../parts/command.tsx';
import { Field, textOf } from '../../parts/field.tsx';
import { Problem } from '../../parts/notice.tsx';
import { Qr } from './qr.tsx';

interface Props {
  readonly account: AccountAnswer;
  readonly changed: () => void;
}

/** Codes of an authenticator (RFC 6238): off, offered, on. */
export function SecondFactor({ account, changed }: Props) {
  const [offer, setOffer] = useState<TotpOffer>();
  const [codes, setCodes] = useState<readonly string[]>();
  return (
    <section className="card" aria-labelledby="factor-title">
      <h2 id="factor-title">Second factor</h2>
      {codes !== undefined ? (
        <Recovery codes={codes} kept={() => setCodes(undefined)} />
      ) : account.hasTotp ? (
        <On account={account} changed={changed} />
      ) : offer !== undefined ? (
        <Offered
          offer={offer}
          cancel={() => setOffer(undefined)}
          confirmed={(recovery) => {
            setOffer(undefined);
            setCodes(recovery);
            changed();
          }}
        />
      ) : (
        <Off account={account} offered={setOffer} />
      )}
    </section>
  );
}

function Off({ account, offered }: { readonly account: AccountAnswer; readonly offered: (offer: TotpOffer) => void }) {
  const { busy, problem, ask } = useAsking();
  const start = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const offer = await ask<TotpOffer>('offer', '/v1/totp', {
      password: textOf(event.currentTarget, 'factor-password'),
    });
    if (offer !== undefined) offered(offer);
  };
  return (
    <>
      <p className="sub">
        Off. With it, whoever learns your password still cannot sign in: a code of your authenticator is asked for too.
      </p>
      {problem !== undefined && <Problem problem={problem} proving />}
      {account.hasPassword ? (
        <form onSubmit={(event) => void start(event)}>
          <Field
            id="factor-password"
            label="Password"
            type="password"
            required
            maxLength={256}
            autoComplete="current-password"
          />
          <button type="submit" disabled={busy !== undefined}>
            {busy === undefined ? 'Switch it on' : 'Asking …'}
          </button>
        </form>
      ) : (
        <p className="sub">Set a password first.</p>
      )}
    </>
  );
}

function Offered(props: {
  readonly offer: TotpOffer;
  readonly cancel: () => void;
  readonly confirmed: (recoveryCodes: readonly string[]) => void;
}) {
  const { busy, problem, ask } = useAsking();
  const confirm = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const body = { code: textOf(event.currentTarget, 'first-code').trim() };
    const answer = await ask<RecoveryCodes>('confirm', '/v1/totp/confirm', body);
    if (answer !== undefined) props.confirmed(answer.recoveryCodes);
  };
  return (
    <>
      <p>Scan this with your authenticator, or type the secret into it. Both are shown this once.</p>
      <Qr text={props.offer.uri} label="QR code with the secret for an authenticator" />
      <Command text={props.offer.secret.replace(/(.{4})(?=.)/g, '$1 ')} what="secret" />
      {problem !== undefined && <Problem problem={problem} proving />}
      <form onSubmit={(event) => void confirm(event)}>
        <Field
          id="first-code"
          label="The code it shows now"
          required
          inputMode="numeric"
          pattern="[0-9 ]{6,7}"
          maxLength={7}
          autoComplete="one-time-code"
        />
        <p className="buttons">
          <button type="submit" className="go" disabled={busy !== undefined}>
            {busy === undefined ? 'Switch it on' : 'Asking …'}
          </button>
          <button type="button" onClick={props.cancel}>
            Cancel
          </button>
        </p>
      </form>
    </>
  );
}

function Recovery({ codes, kept }: { readonly codes: readonly string[]; readonly kept: () => void }) {
  return (
    <>
      <p role="status">
        <b>It is on.</b> Keep these recovery codes where your authenticator is not. Each signs in once in its place;
        they are shown this once.
      </p>
      <ul className="codes mono">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <p className="buttons">
        <button type="button" onClick={() => void navigator.clipboard.writeText(codes.join('\n')).catch(() => {})}>
          Copy all
        </button>
        <button type="button" className="go" onClick={kept}>
          I kept them
        </button>
      </p>
    </>
  );
}

function On({ account, changed }: Props) {
  const { busy, problem, ask } = useAsking();
  const remove = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const body = { password: textOf(form, 'factor-password'), code: textOf(form, 'factor-code').trim() };
    if ((await ask('remove', '/v1/totp/remove', body)) !== undefined) changed();
  };
  return (
    <>
      <p className={account.recoveryCodes < 3 ? 'say-bad' : 'sub'}>
        On. {plural(account.recoveryCodes, 'recovery code')} left
        {account.recoveryCodes < 3 && ': switch it off and on again for ten new ones'}.
      </p>
      {problem !== undefined && <Problem problem={problem} proving />}
      <form onSubmit={(event) => void remove(event)}>
        <Field
          id="factor-password"
          label="Password"
          type="password"
          required
          maxLength={256}
          autoComplete="current-password"
        />
        <Field id="factor-code" label="Code, or a recovery code" required maxLength={64} autoComplete="one-time-code" />
        <button type="submit" disabled={busy !== undefined}>
          {busy === undefined ? 'Switch it off' : 'Asking …'}
        </button>
      </form>
    </>
  );
}
