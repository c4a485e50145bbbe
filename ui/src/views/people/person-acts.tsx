import { useState } from 'react';
import type { PeopleAnswer, PersonChange, PersonLink, RolesAnswer } from '../../../../src/server/api-types.ts';
import { useAsking } from '../../ask.ts';
import { visible } from '../../format.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { textOf } from '../../parts/field.tsx';
import { Problem } from '../../parts/notice.tsx';
import { labelsOf, parseLabels } from '../../parts/role.tsx';
import { RoleFields } from './role-fields.tsx';

type Person = PeopleAnswer['people'][number];
type Act = 'role' | 'link' | 'reset' | 'disable' | 'enable' | 'remove';

interface Props {
  readonly person: Person;
  readonly roles: RolesAnswer | undefined;
  readonly changed: () => void;
  readonly linked: (link: PersonLink) => void;
}

/** What an administrator does about one person; each is asked again with the person's name. */
export function PersonActs({ person, roles, changed, linked }: Props) {
  const [act, setAct] = useState<Act>();
  const { busy, problem, ask, forget } = useAsking();
  const [wrong, setWrong] = useState(false);
  const name = visible(person.name, 64);
  const path = `/v1/people/${encodeURIComponent(person.name)}`;
  const close = () => {
    forget();
    setWrong(false);
    setAct(undefined);
  };
  const change = async (wanted: PersonChange) => {
    if ((await ask('change', `${path}/change`, wanted)) === undefined) return;
    close();
    changed();
  };
  const confirmed = async (form: HTMLFormElement) => {
    if (act === 'disable' || act === 'enable' || act === 'remove') return change({ change: act });
    if (act === 'role') {
      const wanted = roleChange(roles, form);
      setWrong(wanted === undefined);
      return wanted === undefined ? undefined : change(wanted);
    }
    const link = await ask<PersonLink>('link', `${path}/link`, { reset: act === 'reset' });
    if (link === undefined) return;
    close();
    window.scrollTo(0, 0);
    linked(link);
    changed();
  };
  const acts =
    person.state === 'active'
      ? (['role', 'link', 'reset', 'disable', 'remove'] as const)
      : (['role', 'enable', 'remove'] as const);
  return (
    <>
      <details className="acts">
        <summary>
          Change<span className="sr"> {name}</span>
        </summary>
        {acts.map((one) => (
          <button key={one} type="button" className="small" onClick={() => setAct(one)}>
            {words[one].menu}
            <span className="sr"> of {name}</span>
          </button>
        ))}
      </details>
      {act !== undefined && (
        <Confirm
          title={words[act].title(name)}
          does={words[act].does}
          busy={busy !== undefined}
          close={close}
          confirmed={(form) => void confirmed(form)}
        >
          <p className="sub">{words[act].note}</p>
          {problem !== undefined && <Problem problem={problem} />}
          {wrong && <p className="say-bad">Labels are written KEY=VALUE, like team=shop.</p>}
          {act === 'role' && (
            <>
              <RoleFields id="change" roles={roles} chosen={person.role === 'limited' ? 'viewer' : person.role} />
              {person.role !== 'limited' && person.grants.length > 0 && (
                <button
                  type="button"
                  className="small"
                  onClick={() => void change({ change: 'role', role: 'limited' })}
                >
                  Take away {visible(person.role, 40)} everywhere
                </button>
              )}
              {person.grants.map(({ role, where }) => (
                <p key={labelsOf(where)} className="spread">
                  {visible(role, 40)} where {labelsOf(where)}
                  <button type="button" className="small" onClick={() => void change({ change: 'ungrant', where })}>
                    Take away
                  </button>
                </p>
              ))}
            </>
          )}
        </Confirm>
      )}
    </>
  );
}

function roleChange(roles: RolesAnswer | undefined, form: HTMLFormElement): PersonChange | undefined {
  const where = parseLabels(textOf(form, 'change-where'));
  const role = roles?.roles.find((one) => one.role === textOf(form, 'change-role'))?.role;
  if (where === undefined || role === undefined) return undefined;
  return Object.keys(where).length === 0 ? { change: 'role', role } : { change: 'grant', role, where };
}

const words: Readonly<Record<Act, { menu: string; title: (name: string) => string; does: string; note: string }>> = {
  role: {
    menu: 'Role',
    title: (name) => `The role of ${name}`,
    does: 'Give this role',
    note: 'It counts with the next request. With labels it is added for those services; without, it replaces the one everywhere.',
  },
  link: {
    menu: 'New one-time link',
    title: (name) => `A one-time link for ${name}`,
    does: 'Make a link',
    note: 'It lets them in once, within 15 minutes, in place of password and code. Both stay as they are.',
  },
  reset: {
    menu: 'Forget password and second factor',
    title: (name) => `Forget how ${name} signs in`,
    does: 'Forget and make a link',
    note: 'Password, second factor and recovery codes are forgotten, and all sessions end. The link is the only way in.',
  },
  disable: {
    menu: 'Shut out',
    title: (name) => `Shut ${name} out`,
    does: 'Shut out',
    note: 'All sessions end and tokens stop, until you let them in again.',
  },
  enable: {
    menu: 'Let in again',
    title: (name) => `Let ${name} in again`,
    does: 'Let in',
    note: 'Password, second factor and tokens count again.',
  },
  remove: {
    menu: 'Remove',
    title: (name) => `Remove ${name} for good`,
    does: 'Remove',
    note: 'Sessions, tokens and password end for good. The name stays taken: the audit trail speaks of one person.',
  },
};
