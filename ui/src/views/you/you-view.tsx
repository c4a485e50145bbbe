/** Who one is, what one may, and what one signs in with. */
import { useContext, useState } from 'react';
import type { AccountAnswer, WhoAmI } from '../../../../src/server/api-types.ts';
import { dateTime, plural, visible } from '../../format.ts';
import { Loading, Problem } from '../../parts/notice.tsx';
import { labelsOf } from '../../parts/role.tsx';
import { useResource } from '../../resource.ts';
import { Me, useMay } from '../../session.ts';
import { Password } from './password.tsx';
import { SecondFactor } from './second-factor.tsx';
import { Sessions } from './sessions.tsx';
import { Tokens } from './tokens.tsx';

export function YouView() {
  const me = useContext(Me);
  const own = useMay('session.own');
  const { data, problem, reload } = useResource<AccountAnswer>('/v1/account', []);
  // A changed password ends every session, and brings another one.
  const [opened, setOpened] = useState(0);
  if (me === undefined) return null;
  return (
    <>
      <header className="head">
        <h1>{visible(me.account, 64)}</h1>
        <p className="lead">
          {me.role === 'limited'
            ? 'Nothing everywhere; something for some services'
            : `The role ${visible(me.role, 40)}`}
          {me.expiresAt !== null && `, signed in until ${dateTime(me.expiresAt)}`}.
        </p>
      </header>
      <May me={me} />
      {!own && <p className="sub">This account has no password, sessions or tokens of its own to look after.</p>}
      {own && (
        <>
          {problem !== undefined && <Problem problem={problem} retry={reload} />}
          {data === undefined ? (
            problem === undefined && <Loading />
          ) : (
            <div className="cards">
              <Password
                account={data}
                changed={() => {
                  reload();
                  setOpened((number) => number + 1);
                }}
              />
              <SecondFactor account={data} changed={reload} />
            </div>
          )}
          <Sessions key={opened} all={false} />
          <Tokens all={false} />
        </>
      )}
    </>
  );
}

function May({ me }: { readonly me: WhoAmI }) {
  return (
    <details className="may">
      <summary>
        What you may: {plural(me.permissions.length, 'permission')} everywhere
        {me.within.length > 0 && `, more for ${plural(me.within.length, 'set')} of services`}
      </summary>
      <p className="mono wrap">{me.permissions.join(', ')}</p>
      {me.within.map(({ permissions, where }) => (
        <div key={labelsOf(where)}>
          <h3>Where {labelsOf(where)}</h3>
          <p className="mono wrap">{permissions.join(', ')}</p>
        </div>
      ))}
    </details>
  );
}
