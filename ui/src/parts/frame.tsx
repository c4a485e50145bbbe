/** The bar on top: where one is, whether it is live, who one is. */
import { type ReactNode, useEffect, useState } from 'react';
import type { IncidentsAnswer, WhoAmI } from '../../../src/server/api-types.ts';
import { type Permission, post } from '../api.ts';
import { visible } from '../format.ts';
import { useResource } from '../resource.ts';
import { navigate, type Route } from '../router.ts';
import { type Topic, useLiveness } from '../stream.ts';
import { chooseTheme, type Theme, useTheme } from '../theme.ts';
import { DiskBanner } from './disk.tsx';
import { GlassBanner } from './glass.tsx';
import { Help } from './help.tsx';
import { Link } from './link.tsx';
import { Mark } from './mark.tsx';
import { Word } from './words.tsx';

const openTopics: readonly Topic[] = ['incidents'];
const places = [
  { to: '/coverage', name: 'Coverage', views: ['coverage'], key: 'c' },
  { to: '/map', name: 'Map', views: ['map'], key: 'm' },
  { to: '/incidents', name: 'Incidents', views: ['incidents', 'incident'], key: 'i' },
  { to: '/contracts', name: 'Contracts', views: ['contracts', 'contract'], key: 't' },
  { to: '/audit', name: 'Audit', views: ['audit'], key: 'a', needs: 'audit.read' },
  { to: '/people', name: 'People', views: ['people'], key: 'p', needs: 'people.manage' },
] as const satisfies readonly Place[];

interface Place {
  readonly to: string;
  readonly name: string;
  readonly views: readonly Route['view'][];
  readonly key: string;
  readonly needs?: Permission;
}

export function Frame({ route, me, children }: { route: Route; me: WhoAmI; children: ReactNode }) {
  const { data } = useResource<IncidentsAnswer>('/v1/incidents?state=open&limit=100', openTopics);
  const [help, setHelp] = useState(false);
  const open = data?.incidents.length ?? 0;
  const mine: readonly Place[] = places.filter(
    (place: Place) => place.needs === undefined || me.permissions.includes(place.needs),
  );
  useKeys(mine, () => setHelp(true));
  return (
    <>
      <a className="skip" href="#main">
        Skip to what this page shows
      </a>
      <header className="bar">
        <Link to="/coverage" className="brand">
          <Mark />
          Tricordon
        </Link>
        <nav aria-label="Views">
          <ul>
            {mine.map(({ to, name, views }) => (
              <li key={to}>
                <Link to={to} current={views.some((view) => view === route.view)}>
                  {name}
                  {to === '/incidents' && open > 0 && (
                    <span className="badge">
                      {open > 99 ? '99+' : open}
                      <span className="sr"> open</span>
                    </span>
                  )}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <div className="bar-end">
          <Liveness />
          <Link to="/you" className="who" current={route.view === 'you'}>
            {visible(me.account, 40)}
          </Link>
          <ThemeButton />
          <button type="button" className="plain small keys-button" onClick={() => setHelp(true)}>
            Keys <kbd>?</kbd>
          </button>
          <button type="button" className="plain small" onClick={signOut}>
            Sign out
          </button>
        </div>
      </header>
      <GlassBanner />
      <DiskBanner />
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <Help open={help} close={() => setHelp(false)} />
    </>
  );
}

function Liveness() {
  const liveness = useLiveness();
  const words = {
    live: { tone: 'good', glyph: 'solid', text: 'live' },
    connecting: { tone: 'quiet', glyph: 'dots', text: 'connecting' },
    lost: { tone: 'bad', glyph: 'cross', text: 'not live: reconnecting' },
  } as const;
  return (
    <span className="live" role="status">
      <Word {...words[liveness]} />
    </span>
  );
}

function ThemeButton() {
  const theme = useTheme();
  const following: Record<Theme, Theme> = { system: 'dark', dark: 'light', light: 'system' };
  const words: Record<Theme, string> = { system: 'system', dark: 'dark', light: 'light' };
  return (
    <button type="button" className="plain small" onClick={() => chooseTheme(following[theme])}>
      <span className="sr">Theme: {words[theme]}</span>
      <span className="theme-word" aria-hidden="true">
        Theme: {words[theme]}
      </span>
      <svg className="icon" width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" focusable="false">
        <circle className="glyph-line" cx="7" cy="7" r="5" />
        <path className="glyph-fill" d="M7 2a5 5 0 0 1 0 10z" />
      </svg>
    </button>
  );
}

function signOut(): void {
  const leave = () => location.assign('/login');
  post('/v1/logout').then(leave, leave);
}

function useKeys(mine: readonly Place[], help: () => void): void {
  useEffect(() => {
    let before = '';
    const pressed = (event: KeyboardEvent) => {
      const last = before;
      before = '';
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (event.key === '?') help();
      else if (event.key === 'g') before = 'g';
      else if (event.key === '/') {
        const filter = document.querySelector<HTMLInputElement>('input[data-filter]');
        if (filter === null) return;
        event.preventDefault();
        filter.focus();
        filter.select();
      } else if (last === 'g') {
        const to = event.key === 'y' ? '/you' : mine.find(({ key }) => key === event.key)?.to;
        if (to !== undefined) navigate(to);
      }
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, [mine, help]);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable], dialog') !== null;
}
