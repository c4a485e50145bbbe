import { useState } from 'react';
import type { RolesAnswer } from '../../../../src/server/api-types.ts';
import { Field } from '../../parts/field.tsx';

interface Props {
  /** Begins the ids of the fields. */
  readonly id: string;
  readonly roles: RolesAnswer | undefined;
  readonly chosen?: string;
}

/** A role, what it may do, and for which services. */
export function RoleFields({ id, roles, chosen = 'viewer' }: Props) {
  const [role, setRole] = useState(chosen);
  const [where, setWhere] = useState('');
  const limited = where.trim() !== '';
  const held = roles?.roles.find((one) => one.role === role)?.permissions ?? [];
  const rows = roles?.permissions.filter((one) => held.includes(one.permission) && (!limited || one.byLabel)) ?? [];
  return (
    <>
      <div className="field">
        <label htmlFor={`${id}-role`}>Role</label>
        <select id={`${id}-role`} name={`${id}-role`} value={role} onChange={(event) => setRole(event.target.value)}>
          {(roles?.roles.map((one) => one.role) ?? [chosen]).map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </div>
      <Field
        id={`${id}-where`}
        label="Only for services where"
        note="KEY=VALUE, all that are given; empty: everywhere."
        placeholder="team=shop environment=staging"
        maxLength={400}
        spellCheck={false}
        value={where}
        onChange={(event) => setWhere(event.target.value)}
      />
      <div className="role-says">
        <p className="sub">{limited ? 'For these services it may' : 'It may'}</p>
        <ul className="sub">
          {rows.map(({ permission, text }) => (
            <li key={permission}>{text}</li>
          ))}
        </ul>
      </div>
    </>
  );
}
