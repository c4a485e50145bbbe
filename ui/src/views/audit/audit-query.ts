/** The search as it stands in the URL, and as the control plane is asked. Pure. */

export const fields = ['text', 'actor', 'action', 'subject', 'from', 'to'] as const;
export type Search = Readonly<Record<(typeof fields)[number], string>>;

export function searchOf(query: URLSearchParams): Search {
  const of = (name: string) => query.get(name)?.trim() ?? '';
  return {
    text: of('text'),
    actor: of('actor'),
    action: of('action'),
    subject: of('subject'),
    from: of('from'),
    to: of('to'),
  };
}

/** @param before `next` of the answer before; absent: from the newest on */
export function auditPath({ from, to, ...words }: Search, before?: number): string {
  const query = new URLSearchParams({ limit: '100' });
  for (const [name, value] of Object.entries(words)) if (value !== '') query.set(name, value.slice(0, 300));
  // A field for date and time says what the reader's own clock says.
  for (const [name, value] of [
    ['since', from],
    ['until', to],
  ] as const) {
    const at = new Date(value).getTime();
    if (value !== '' && Number.isFinite(at)) query.set(name, String(at));
  }
  if (before !== undefined) query.set('before', String(before));
  return `/v1/audit?${query}`;
}
