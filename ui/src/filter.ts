/**
 * The one filter grammar: `severity:high,critical service:catalog -state:closed score:>80 shell`.
 * A term is `key:value` (commas: any of these; a leading `-`: none of these) or a word that must occur in the text; all
 * terms must hold. Quotes keep spaces: `"shell started"`. Pure; knows nothing of incidents but the names of the fields.
 */

export const filterKeys = ['severity', 'state', 'service', 'layer', 'tactic', 'id', 'score'] as const;
export type FilterKey = (typeof filterKeys)[number];

export type Term =
  | { readonly kind: 'word'; readonly text: string; readonly not: boolean }
  | { readonly kind: 'field'; readonly key: FilterKey; readonly values: readonly string[]; readonly not: boolean }
  | {
      readonly kind: 'number';
      readonly key: 'score';
      readonly sign: '>' | '<' | '>=' | '<=' | '=';
      readonly value: number;
      readonly not: boolean;
    };

export interface Filter {
  readonly terms: readonly Term[];
  /** What could not be understood; such a term matches nothing rather than being left out. */
  readonly problems: readonly string[];
}

/** What a filter is held against: every field may have several values. */
export interface Filterable {
  readonly fields: Readonly<Partial<Record<FilterKey, readonly string[]>>>;
  readonly score: number;
  readonly text: string;
}

const maxLength = 400;

export function parseFilter(input: string): Filter {
  const terms: Term[] = [];
  const problems: string[] = [];
  if (input.length > maxLength) return { terms, problems: [`longer than ${maxLength} characters`] };
  for (const { text, quoted, closed } of tokens(input)) {
    if (!closed) problems.push(`\`${text}\` has no closing quote`);
    const not = !quoted && text.startsWith('-') && text.length > 1;
    const body = not ? text.slice(1) : text;
    const colon = quoted ? -1 : body.indexOf(':');
    if (colon <= 0) {
      terms.push({ kind: 'word', text: body.toLowerCase(), not });
      continue;
    }
    const key = body.slice(0, colon).toLowerCase();
    const known = filterKeys.find((name) => name === key);
    if (known === undefined) {
      problems.push(`there is no field \`${key}\`; ${suggestion(key)}`);
      continue;
    }
    const value = body.slice(colon + 1).toLowerCase();
    if (known === 'score') {
      const number = /^(>=|<=|>|<|=)?([0-9]{1,6}(?:\.[0-9]{1,3})?)$/.exec(value);
      if (number === null) problems.push(`\`${value}\` is no score; write \`score:>80\``);
      else terms.push({ kind: 'number', key: known, sign: signOf(number[1]), value: Number(number[2]), not });
      continue;
    }
    const values = value.split(',').filter((part) => part !== '');
    if (values.length === 0) problems.push(`\`${known}:\` needs a value`);
    else terms.push({ kind: 'field', key: known, values, not });
  }
  return { terms, problems };
}

export function matches(filter: Filter, item: Filterable): boolean {
  if (filter.problems.length > 0) return false;
  return filter.terms.every((term) => holds(term, item) !== term.not);
}

/** Puts one `key:value` into a filter, or takes it out if it is there. */
export function toggleTerm(input: string, key: FilterKey, value: string): string {
  const term = `${key}:${value}`;
  const parts = tokens(input).map(({ text, quoted }) => (quoted ? `"${text}"` : text));
  return (parts.includes(term) ? parts.filter((part) => part !== term) : [...parts, term]).join(' ');
}

function holds(term: Term, item: Filterable): boolean {
  switch (term.kind) {
    case 'word':
      return item.text.toLowerCase().includes(term.text);
    case 'field':
      return (item.fields[term.key] ?? []).some((value) => term.values.includes(value.toLowerCase()));
    case 'number':
      switch (term.sign) {
        case '>':
          return item.score > term.value;
        case '<':
          return item.score < term.value;
        case '>=':
          return item.score >= term.value;
        case '<=':
          return item.score <= term.value;
        case '=':
          return item.score === term.value;
        default:
          return term.sign satisfies never;
      }
    default:
      return term satisfies never;
  }
}

function signOf(text: string | undefined): '>' | '<' | '>=' | '<=' | '=' {
  return text === '>' || text === '<' || text === '>=' || text === '<=' ? text : '=';
}

function tokens(input: string): { text: string; quoted: boolean; closed: boolean }[] {
  const found: { text: string; quoted: boolean; closed: boolean }[] = [];
  for (const match of input.matchAll(/"([^"]*)("?)|(\S+)/g)) {
    const quoted = match[3] === undefined;
    const text = quoted ? (match[1] ?? '') : (match[3] ?? '');
    if (text !== '') found.push({ text, quoted, closed: !quoted || match[2] === '"' });
  }
  return found;
}

function suggestion(key: string): string {
  const near = filterKeys.find((name) => distance(name, key) <= 2);
  return near === undefined ? `fields are ${filterKeys.join(', ')}` : `did you mean \`${near}:\`?`;
}

/** Levenshtein distance, for words of a handful of letters. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 3;
}
