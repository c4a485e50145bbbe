import { type FormEvent, useContext, useState } from 'react';
import type { Scope, TokenCreated, TokenRequest, TokensAnswer } from '../../../../src/server/api-types.ts';
import { useAsking } from '../../ask.ts';
import { dateTime, visible } from '../../format.ts';
import { Command } from '../../parts/command.tsx';
import { Field, textOf } from '../../parts/field.tsx';
import { Loading, Problem } from '../../parts/notice.tsx';
import { labelsOf, parseLabels } from '../../parts/role.tsx';
import { Scroll } from '../../parts/scroll.tsx';
import { useResource } from '../../resource.ts';
import { Me } from '../../session.ts';

type Token = TokensAnswer['tokens'][number];
const scopes: readonly { readonly scope: Scope; readonly text: string }[] = [
  { scope: 'read', text: 'read: look at everything you may look at' },
  { scope: 'operate', text: 'operate: and register, propose, respond' },
  { scope: 'approve', text: 'approve: and approve contracts, place services, break the glass' },
  { scope: 'admin', text: 'admin: and manage people, hosts and labels' },
];

/** Tokens for programs: one's own; with `all`, everybody's. */
export function Tokens({ all }: { readonly all: boolean }) {
  const { data, problem, reload } = useResource<TokensAnswer>(`/v1/tokens${all ? '?all=true' : ''}`, []);
  const asking = useAsking();
  const revoke = async ({ name, account }: Token) => {
    await asking.ask(`${account} ${name}`, `/v1/tokens/${encodeURIComponent(name)}/revoke`, { account });
    reload();
  };
  return (
    <section aria-labelledby="tokens-title">
      <h2 id="tokens-title">Tokens</h2>
      <p className="sub">
        For programs. A token never has more than its account has at the time; only its hash is kept. Send it as{' '}
        <code>Authorization: Bearer</code>.
      </p>
      {[problem, asking.problem].map(
        (one, index) => one !== undefined && <Problem key={index} problem={one} retry={reload} />,
      )}
      {data === undefined ? (
        problem === undefined && <Loading />
      ) : data.tokens.length === 0 ? (
        <p className="none">There is none.</p>
      ) : (
        <Scroll label="Table of tokens">
          <table>
            <thead>
              <tr>
                <th scope="col">Name</th>
                {all && <th scope="col">Account</th>}
                <th scope="col">Scopes</th>
                <th scope="col">Where</th>
                <th scope="col">Ends</th>
                <th scope="col">Last used</th>
                <th scope="col">
                  <span className="sr">Revoke it</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {data.tokens.map((token) => (
                <tr key={`${token.account} ${token.name}`}>
                  <th scope="row" className="mono">
                    {visible(token.name, 64)}
                  </th>
                  {all && <td>{visible(token.account, 64)}</td>}
                  <td>{token.scopes.map((scope) => visible(scope, 20)).join(', ')}</td>
                  <td>{labelsOf(token.where) || 'everywhere'}</td>
                  <td>{token.expiresAt === null ? 'never' : dateTime(token.expiresAt)}</td>
                  <td>{token.lastUsedAt === null ? 'never' : dateTime(token.lastUsedAt)}</td>
                  <td className="num">
                    <button
                      type="button"
                      className="small"
                      disabled={asking.busy !== undefined}
                      onClick={() => void revoke(token)}
                    >
                      {asking.busy === `${token.account} ${token.name}` ? 'Revoking …' : 'Revoke'}
                      <span className="sr">
                        {' '}
                        {visible(token.name, 64)} of {visible(token.account, 64)}
                      </span>
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      {!all && <Make made={reload} />}
    </section>
  );
}

function Make({ made }: { readonly made: () => void }) {
  const me = useContext(Me);
  const { busy, problem, ask } = useAsking();
  const [token, setToken] = useState<TokenCreated>();
  const [wrong, setWrong] = useState(false);
  const make = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const where = parseLabels(textOf(form, 'token-where'));
    setWrong(where === undefined);
    if (where === undefined) return;
    const scope = scopes.find((one) => one.scope === textOf(form, 'token-scope'))?.scope ?? 'read';
    const body: TokenRequest = {
      name: textOf(form, 'token-name'),
      scopes: [scope],
      where,
      ttlSeconds: Math.round(Number(textOf(form, 'token-days')) * 86_400),
    };
    const answer = await ask<TokenCreated>('make', '/v1/tokens', body);
    if (answer === undefined) return;
    form.reset();
    setToken(answer);
    made();
  };
  return (
    <details className="make">
      <summary>Make a token of {visible(me?.account ?? 'your own', 64)}</summary>
      {problem !== undefined && <Problem problem={problem} />}
      <form className="line-form" onSubmit={(event) => void make(event)}>
        <Field
          id="token-name"
          label="Name"
          required
          pattern="[a-z0-9][a-z0-9._\-]{0,63}"
          maxLength={64}
          placeholder="ci"
        />
        <div className="field">
          <label htmlFor="token-scope">What it may</label>
          <select id="token-scope" name="token-scope">
            {scopes.map(({ scope, text }) => (
              <option key={scope} value={scope}>
                {text}
              </option>
            ))}
          </select>
        </div>
        <Field
          id="token-where"
          label="Only services where"
          placeholder="team=shop"
          maxLength={400}
          spellCheck={false}
        />
        <Field id="token-days" label="Days until it ends" type="number" required min={1} max={366} defaultValue={30} />
        <button type="submit" disabled={busy !== undefined}>
          {busy === undefined ? 'Make it' : 'Making …'}
        </button>
      </form>
      {wrong && (
        <p className="say-bad" role="alert">
          Labels are written KEY=VALUE, like team=shop.
        </p>
      )}
      {token !== undefined && (
        <div className="once" role="status">
          <p>
            <b>{visible(token.id, 64)}</b>, until {dateTime(token.expiresAt)}. It is shown this once:
          </p>
          <Command text={token.token} what="token" />
        </div>
      )}
    </details>
  );
}
