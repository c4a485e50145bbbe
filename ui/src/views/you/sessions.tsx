import type { SessionsAnswer } from '../../../../src/server/api-types.ts';
import { useAsking } from '../../ask.ts';
import { dateTime, plural, visible } from '../../format.ts';
import { Loading, Problem } from '../../parts/notice.tsx';
import { Scroll } from '../../parts/scroll.tsx';
import { useResource } from '../../resource.ts';

type Session = SessionsAnswer['sessions'][number];

/** Where one is signed in; with `all`, where everybody is. */
export function Sessions({ all }: { readonly all: boolean }) {
  const { data, problem, reload } = useResource<SessionsAnswer>(`/v1/sessions${all ? '?all=true' : ''}`, []);
  const asking = useAsking();
  const others = data?.sessions.filter(({ current }) => !current) ?? [];
  const end = async (name: string, sessions: readonly Session[]) => {
    for (const { id } of sessions)
      if ((await asking.ask(name, `/v1/sessions/${encodeURIComponent(id)}/revoke`)) === undefined) break;
    reload();
  };
  return (
    <section aria-labelledby="sessions-title">
      <div className="spread">
        <h2 id="sessions-title">Sessions</h2>
        {!all && others.length > 0 && (
          <button type="button" disabled={asking.busy !== undefined} onClick={() => void end('others', others)}>
            {asking.busy === 'others' ? 'Ending …' : `End ${plural(others.length, 'other session')}`}
          </button>
        )}
      </div>
      {[problem, asking.problem].map(
        (one, index) => one !== undefined && <Problem key={index} problem={one} retry={reload} />,
      )}
      {data === undefined ? (
        problem === undefined && <Loading />
      ) : (
        <Scroll label="Table of sessions">
          <table>
            <thead>
              <tr>
                {all && <th scope="col">Who</th>}
                <th scope="col">From</th>
                <th scope="col">Since</th>
                <th scope="col">Until</th>
                <th scope="col">
                  <span className="sr">End it</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {data.sessions.map((session) => (
                <tr key={`${session.account} ${session.id}`}>
                  {all && <th scope="row">{visible(session.account, 64)}</th>}
                  <td className="mono">{session.source === null ? 'not noted' : visible(session.source, 80)}</td>
                  <td>{dateTime(session.createdAt)}</td>
                  <td>{dateTime(session.expiresAt)}</td>
                  <td className="num">
                    {session.current ? (
                      <span className="sub">this one</span>
                    ) : (
                      <button
                        type="button"
                        className="small"
                        disabled={asking.busy !== undefined}
                        onClick={() => void end(session.id, [session])}
                      >
                        {asking.busy === session.id ? 'Ending …' : 'End'}
                        <span className="sr">
                          {' '}
                          the session of {visible(session.account, 64)} since {dateTime(session.createdAt)}
                        </span>
                      </button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </section>
  );
}
