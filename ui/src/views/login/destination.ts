/** Where one goes after signing in: only ever a page of this console. */
import { routeOf } from '../../router.ts';

/** @param query of the sign-in page, with the page that was asked for in `to` */
export function destination(query: string): string {
  const to = new URLSearchParams(query).get('to') ?? '';
  // `//host` and `/\host` are other sites to a browser.
  if (!/^\/(?![/\\])/.test(to)) return '/coverage';
  const { view } = routeOf(to.split('?')[0] ?? '');
  return view === 'unknown' || view === 'login' ? '/coverage' : to;
}

/** The sign-in page that leads back here. */
export function doorFrom(location: string): string {
  return location === '/' || location.startsWith('/login') ? '/login' : `/login?to=${encodeURIComponent(location)}`;
}
