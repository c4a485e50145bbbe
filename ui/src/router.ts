/** Every view is a URL. Paths choose the view; the query holds what is filtered and selected. */
import { useSyncExternalStore } from 'react';

export type Route =
  | { readonly view: 'coverage' }
  | { readonly view: 'map' }
  | { readonly view: 'incidents' }
  | { readonly view: 'incident'; readonly id: string }
  | { readonly view: 'contracts' }
  | { readonly view: 'contract'; readonly service: string }
  | { readonly view: 'audit' }
  | { readonly view: 'people' }
  | { readonly view: 'you' }
  | { readonly view: 'login' }
  | { readonly view: 'unknown'; readonly path: string };

export function routeOf(path: string): Route {
  const clean = path.length > 1 ? path.replace(/\/+$/, '') : path;
  if (clean === '' || clean === '/' || clean === '/coverage') return { view: 'coverage' };
  if (clean === '/map') return { view: 'map' };
  if (clean === '/incidents') return { view: 'incidents' };
  if (clean === '/contracts') return { view: 'contracts' };
  if (clean === '/audit') return { view: 'audit' };
  if (clean === '/people') return { view: 'people' };
  if (clean === '/you') return { view: 'you' };
  if (clean === '/login') return { view: 'login' };
  const contract = /^\/contracts\/([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)$/.exec(clean);
  if (contract?.[1] !== undefined) return { view: 'contract', service: contract[1] };
  const incident = /^\/incidents\/(INC-[0-9]{1,15})$/.exec(clean);
  return incident?.[1] === undefined ? { view: 'unknown', path: clean } : { view: 'incident', id: incident[1] };
}

const watchers = new Set<() => void>();
if (typeof window !== 'undefined') window.addEventListener('popstate', changed);

/** Path and query as they stand in the address bar. */
export function useLocation(): string {
  return useSyncExternalStore(watch, () => `${location.pathname}${location.search}`);
}

export function useQuery(): URLSearchParams {
  const at = useLocation().indexOf('?');
  return new URLSearchParams(at < 0 ? '' : location.search);
}

/** Goes to another page: focus and scroll start anew, as after a page load. */
export function navigate(href: string): void {
  history.pushState(null, '', href);
  changed();
  window.scrollTo(0, 0);
  document.getElementById('main')?.focus({ preventScroll: true });
}

/** Puts values into the query without a step in the history; null takes one out. */
export function setQuery(values: Readonly<Record<string, string | null>>): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === '') query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  history.replaceState(null, '', `${location.pathname}${text === '' ? '' : `?${text}`}`);
  changed();
}

function watch(notify: () => void): () => void {
  watchers.add(notify);
  return () => {
    watchers.delete(notify);
  };
}

function changed(): void {
  for (const notify of watchers) notify();
}
