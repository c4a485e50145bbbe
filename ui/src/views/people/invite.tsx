import { type FormEvent, useState } from 'react';
import type { InviteRequest, PersonLink, RolesAnswer } from '../../../../src/server/api-types.ts';
import { useAsking } from '../../ask.ts';
import { Field, textOf } from '../../parts/field.tsx';
import { Problem } from '../../parts/notice.tsx';
import { parseLabels } from '../../parts/role.tsx';
import { RoleFields } from './role-fields.tsx';

interface Props {
  readonly roles: RolesAnswer | undefined;
  readonly invited: (link: PersonLink) => void;
}

export function Invite({ roles, invited }: Props) {
  const { busy, problem, ask } = useAsking();
  const [wrong, setWrong] = useState(false);
  const invite = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const where = parseLabels(textOf(form, 'invite-where'));
    setWrong(where === undefined);
    const role = roles?.roles.find((one) => one.role === textOf(form, 'invite-role'))?.role;
    if (where === undefined || role === undefined) return;
    const body: InviteRequest = {
      name: textOf(form, 'invite-name'),
      role,
      ...(Object.keys(where).length === 0 ? {} : { where }),
    };
    const link = await ask<PersonLink>('invite', '/v1/people', body);
    if (link === undefined) return;
    form.reset();
    window.scrollTo(0, 0);
    invited(link);
  };
  return (
    <section aria-labelledby="invite-title" className="card wide">
      <h2 id="invite-title">Invite somebody</h2>
      {problem !== undefined && <Problem problem={problem} />}
      {wrong && (
        <p className="say-bad" role="alert">
          Labels are written KEY=VALUE, like team=shop.
        </p>
      )}
      <form onSubmit={(event) => void invite(event)}>
        <Field id="invite-name" label="Name" required maxLength={64} autoComplete="off" />
        <RoleFields id="invite" roles={roles} />
        <button type="submit" disabled={busy !== undefined || roles === undefined}>
          {busy === undefined ? 'Make a link' : 'Asking …'}
        </button>
      </form>
    </section>
  );
}
