/** Everybody who may sign in: invited, given roles, shut out, removed. */
import { useState } from 'react';
import type { PeopleAnswer, PersonLink, RolesAnswer } from '../../../../src/server/api-types.ts';
import { dateTime, plural, visible } from '../../format.ts';
import { Command } from '../../parts/command.tsx';
import { Loading, Problem } from '../../parts/notice.tsx';
import { RoleWord } from '../../parts/role.tsx';
import { Scroll } from '../../parts/scroll.tsx';
import { useResource } from '../../resource.ts';
import { Sessions } from '../you/sessions.tsx';
import { Tokens } from '../you/tokens.tsx';
import { Invite } from './invite.tsx';
import { PersonActs } from './person-acts.tsx';

export function PeopleView() {
  const { data, problem, reload } = useResource<PeopleAnswer>('/v1/people', []);
  const { data: roles } = useResource<RolesAnswer>('/v1/roles', []);
  const [link, setLink] = useState<PersonLink>();
  const administrators = data?.people.filter(({ role, state }) => role === 'administrator' && state === 'active') ?? [];
  return (
    <>
      {problem !== undefined && <Problem problem={problem} retry={reload} />}
      <header className="head">
        <h1>{data === undefined ? 'People' : `${plural(data.people.length, 'person', 'people')} may sign in.`}</h1>
        {administrators.length === 1 && (
          <p className="lead">
            {visible(administrators[0]?.name ?? '', 64)} is the only administrator: should they be away, nobody invites
            or lets in anybody.
          </p>
        )}
      </header>
      {link !== undefined && <Link link={link} />}
      {data === undefined ? (
        problem === undefined && <Loading />
      ) : (
        <Scroll label="People">
          <table>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Role</th>
                <th scope="col">State</th>
                <th scope="col">Signs in with</th>
                <th scope="col">Since</th>
                <th scope="col">
                  <span className="sr">Change</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {data.people.map((person) => (
                <tr key={person.name}>
                  <th scope="row">{visible(person.name, 64)}</th>
                  <td>
                    <RoleWord {...person} />
                  </td>
                  <td className={person.state === 'disabled' ? 'say-bad' : undefined}>
                    {person.state === 'disabled' ? 'shut out' : 'active'}
                  </td>
                  <td>
                    {person.hasPassword ? 'password' : 'one-time link'}
                    {person.hasTotp && ' and code'}
                  </td>
                  <td>{dateTime(person.createdAt)}</td>
                  <td className="num">
                    <PersonActs person={person} roles={roles} changed={reload} linked={setLink} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      <Invite
        roles={roles}
        invited={(made) => {
          setLink(made);
          reload();
        }}
      />
      <Sessions all />
      <Tokens all />
    </>
  );
}

function Link({ link }: { readonly link: PersonLink }) {
  return (
    <section className="once" role="status" aria-label="A one-time link">
      <p>
        <b>{visible(link.account, 64)}</b> signs in with this link, once, until {dateTime(link.expiresAt)}. It is shown
        this once; whoever has it is {visible(link.account, 64)}.
      </p>
      <Command text={link.url} what="link" />
      <p className="sub wrap">
        On the command line: <code>tricordon login {new URL(link.url).origin} --link</code>, with the fingerprint{' '}
        <code>{visible(link.fingerprint, 128)}</code>, sent by another way if you can.
      </p>
    </section>
  );
}
