/** Who did what, on what and when: searched, verified, and taken away. */
import { type FormEvent, useEffect, useRef, useState } from 'react';
import type { AuditAnswer } from '../../../../src/server/api-types.ts';
import { ApiError, get } from '../../api.ts';
import { count, dateTime, plural, visible } from '../../format.ts';
import { Loading, Problem } from '../../parts/notice.tsx';
import { Scroll } from '../../parts/scroll.tsx';
import { useResource } from '../../resource.ts';
import { setQuery, useQuery } from '../../router.ts';
import type { Topic } from '../../stream.ts';
import { auditPath, fields, type Search, searchOf } from './audit-query.ts';
import { Proof } from './proof.tsx';

const topics: readonly Topic[] = [];
type Entry = AuditAnswer['entries'][number];

export function AuditView() {
  const search = searchOf(useQuery());
  const path = auditPath(search);
  const { data, problem, reload } = useResource<AuditAnswer>(path, topics);
  return (
    <>
      {problem !== undefined && <Problem problem={problem} retry={reload} />}
      <header className="head">
        <h1>Audit trail</h1>
        <Proof newest={data?.entries[0]?.sequence} />
      </header>
      <SearchForm path={path} search={search} />
      {data === undefined ? problem === undefined && <Loading /> : <Found key={path} search={search} first={data} />}
    </>
  );
}

const labels: Readonly<Record<keyof Search, string>> = {
  text: 'Anywhere',
  actor: 'Who',
  action: 'Did',
  subject: 'On',
  from: 'From',
  to: 'To',
};
const examples: Partial<Record<keyof Search, string>> = {
  action: 'contract.approve or contract.',
  subject: 'payments v3',
};

function SearchForm({ path, search }: { readonly path: string; readonly search: Search }) {
  const form = useRef<HTMLFormElement>(null);
  // Only when the search itself is another one: nobody's typing is undone, and focus stays where it is.
  useEffect(() => {
    for (const field of fields) {
      const input = form.current?.elements.namedItem(field);
      if (input instanceof HTMLInputElement) input.value = search[field];
    }
  }, [path]);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    setQuery(Object.fromEntries(fields.map((field) => [field, String(given.get(field) ?? '').trim()])));
  };
  return (
    <search>
      <form ref={form} className="audit-search" onSubmit={submit}>
        {fields.map((field) => (
          <p key={field}>
            <label htmlFor={`audit-${field}`}>{labels[field]}</label>
            <input
              id={`audit-${field}`}
              name={field}
              type={field === 'from' || field === 'to' ? 'datetime-local' : 'text'}
              defaultValue={search[field]}
              placeholder={examples[field]}
              maxLength={300}
              spellCheck={false}
              autoComplete="off"
              {...(field === 'text' ? { 'data-filter': true } : {})}
            />
          </p>
        ))}
        <p className="buttons">
          <button type="submit" className="go">
            Search
          </button>
          <button type="button" onClick={() => setQuery(Object.fromEntries(fields.map((field) => [field, null])))}>
            Clear
          </button>
        </p>
      </form>
    </search>
  );
}

/** The first page, and the older ones that were asked for. */
function Found({ search, first }: { readonly search: Search; readonly first: AuditAnswer }) {
  const [older, setOlder] = useState<AuditAnswer>();
  const [problem, setProblem] = useState<ApiError>();
  const entries = [...first.entries, ...(older?.entries ?? [])];
  const next = older === undefined ? first.next : older.next;
  const searchOn = () => {
    if (next === null) return;
    setProblem(undefined);
    get<AuditAnswer>(auditPath(search, next)).then(
      (answer) => setOlder((before) => ({ ...answer, entries: [...(before?.entries ?? []), ...answer.entries] })),
      (error: unknown) => setProblem(error instanceof ApiError ? error : undefined),
    );
  };
  return (
    <>
      <p className="sub" role="status">
        {plural(entries.length, 'entry', 'entries')} found
        {next === null ? ', down to the first entry there is.' : `, down to entry ${count(next)}.`}
      </p>
      {entries.length > 0 && <Entries entries={entries} />}
      {problem !== undefined && <Problem problem={problem} retry={searchOn} />}
      {next !== null && (
        <button type="button" onClick={searchOn}>
          Search on below entry {count(next)}
        </button>
      )}
    </>
  );
}

function Entries({ entries }: { readonly entries: readonly Entry[] }) {
  return (
    <Scroll label="Entries of the audit trail, newest first">
      <table className="audit">
        <thead>
          <tr>
            <th scope="col" className="num">
              Entry
            </th>
            <th scope="col">When</th>
            <th scope="col">Who</th>
            <th scope="col">Did</th>
            <th scope="col">On</th>
            <th scope="col">Detail</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <tr key={entry.sequence}>
              <th scope="row" className="num">
                {count(entry.sequence)}
              </th>
              <td>{dateTime(entry.at)}</td>
              <td className="wrap">{visible(entry.actor, 120)}</td>
              <td className="mono">{visible(entry.action, 80)}</td>
              <td className="wrap">{visible(entry.subject, 300)}</td>
              <td>
                <Detail entry={entry} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Detail({ entry: { sequence, detail, hash } }: { readonly entry: Entry }) {
  return (
    <details>
      <summary>
        {summaryOf(detail)}
        <span className="sr"> of entry {sequence}</span>
      </summary>
      <dl className="audit-detail">
        {Object.entries(detail).map(([name, value]) => (
          <div key={name} className="contents">
            <dt>{visible(name, 80)}</dt>
            <dd className="mono wrap">{visible(typeof value === 'string' ? value : JSON.stringify(value), 2_000)}</dd>
          </div>
        ))}
        <dt>hash</dt>
        <dd className="mono wrap">{hash}</dd>
      </dl>
    </details>
  );
}

/** The reason, where somebody gave one: it is what a reader looks for. */
function summaryOf(detail: Entry['detail']): string {
  const { reason } = detail;
  if (typeof reason === 'string' && reason !== '') return visible(reason, 120);
  return Object.keys(detail).length === 0 ? 'hash' : visible(Object.keys(detail).join(', '), 80);
}
