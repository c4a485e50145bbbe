import type { PeopleAnswer } from '../../../src/server/api-types.ts';
import { visible } from '../format.ts';

type Person = Pick<PeopleAnswer['people'][number], 'role' | 'grants'>;

/** What counts everywhere, and what for some services. */
export function RoleWord({ role, grants }: Person) {
  return (
    <>
      {(role !== 'limited' || grants.length === 0) && <span className="block">{visible(role, 40)}</span>}
      {grants.map((grant) => (
        <span key={labelsOf(grant.where)} className="block">
          {visible(grant.role, 40)} <span className="sub">where {labelsOf(grant.where)}</span>
        </span>
      ))}
    </>
  );
}

/** `environment=test, team=shop`, sorted. */
export function labelsOf(where: Readonly<Record<string, string>>): string {
  return Object.entries(where)
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .map((one) => visible(one, 200))
    .join(', ');
}

/** Of what somebody typed; undefined when it is not KEY=VALUE, separated by commas or spaces. */
export function parseLabels(text: string): Record<string, string> | undefined {
  const labels: Record<string, string> = {};
  for (const word of text.split(/[\s,]+/).filter((part) => part !== '')) {
    const [, key, value] = /^([^=]+)=(.+)$/.exec(word) ?? [];
    if (key === undefined || value === undefined || Object.hasOwn(labels, key)) return undefined;
    labels[key] = value;
  }
  return labels;
}
