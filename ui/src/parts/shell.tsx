/** The frame of every view: the mark, the views there are, what is watched right now, and who is signed in. */
import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react';
import type { CoverageAnswer, WhoAmI } from '../../../src/server/api-types.ts';
import { post } from '../api.ts';
import { count, visible } from '../format.ts';
import { useResource } from '../resource.ts';
import { navigate, type Route } from '../router.ts';
import { useLiveness } from '../stream.ts';
import { chooseTheme, useTheme } from '../theme.ts';
import { layerNames, levelShown } from '../words.ts';
import { CordLine } from './cord.tsx';
import { Help } from './help.tsx';
import { Link } from './link.tsx';
import { Live } from './live.tsx';
import { Mark } from './shapes.tsx';

const topics = ['coverage', 'workloads', 'contracts', 'incidents'] as const;
const titles = { coverage: 'Coverage', map: 'Map', incidents: 'Incidents', incident: 'Incident', unknown: 'Not found' };

export function Shell({
  route,
  me,
  children,
}: {
  route: Exclude<Route, { view: 'login' }>;
  me: WhoAmI;
  children: ReactNode;
}) {
  const { data: coverage } = useResource<CoverageAnswer>('/v1/coverage', topics, 30_000);
  const [helping, setHelping] = useState(false);
  const closeHelp = useCallback(() => setHelping(false), []);
  const title = route.view === 'incident' ? route.id : titles[route.view];
  useEffect(() => {
    document.title = `${title} · Tricordon`;
  }, [title]);
  useShortcuts(setHelping);

  const open = coverage?.summary.openIncidents ?? 0;
  return (
    <>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header className="top">
        <Link to="/coverage" className="brand" label="Tricordon, to the coverage page">
          <Mark />
          <span>Tricordon</span>
        </Link>
        <nav aria-label="Views">
          <Link to="/coverage" current={route.view === 'coverage'}>
            Coverage
          </Link>
          <Link to="/map" current={route.view === 'map'}>
            Map
          </Link>
          <Link to="/incidents" current={route.view === 'incidents' || route.view === 'incident'}>
            Incidents
            {open > 0 && (
              <span className="badge">
                <Live value={open}>{open}</Live>
                <span className="hidden"> open</span>
              </span>
            )}
          </Link>
        </nav>
        {coverage !== undefined && <Watch coverage={coverage} />}
        <Liveness />
        <ThemeButton />
        <button type="button" className="plain" aria-label="Help and keys" onClick={() => setHelping(true)}>
          ?
        </button>
        <Account me={me} />
      </header>
      <main id="main" tabIndex={-1} className="page">
        {children}
      </main>
      <Help open={helping} onClose={closeHelp} />
    </>
  );
}

/** The three cords, small: the state of the whole house on every page. */
function Watch({ coverage }: { coverage: CoverageAnswer }) {
  const words = coverage.layers
    .map(({ layer, level }) => `${layerNames[layer]}: ${levelShown[level].word.toLowerCase()}`)
    .join('; ');
  return (
    <Link to="/coverage" className="watch">
      <span className="hidden">{words}. </span>
      <svg width="44" height="20" viewBox="0 0 44 20" aria-hidden="true">
        {coverage.layers.map(({ layer, level }, index) => (
          <CordLine
            key={layer}
            layer={layer}
            stroke={levelShown[level].stroke}
            x={0}
            y={4 + index * 6}
            length={44}
            width={2}
          />
        ))}
      </svg>
      <span>
        <b>{coverage.summary.layersWatched} of 3</b> layers
      </span>
      <span className="wide">
        <b>{count(coverage.summary.hosts)}</b> {coverage.summary.hosts === 1 ? 'host' : 'hosts'}
      </span>
      <span className="wide">
        <b>{count(coverage.summary.lost)}</b> lost
      </span>
    </Link>
  );
}

function Liveness() {
  const liveness = useLiveness();
  const words = { connecting: 'Connecting', live: 'Live', lost: 'Reconnecting' };
  return (
    <span className={`liveness is-${liveness}`} role="status">
      <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
        {liveness === 'live' ? <circle cx="5" cy="5" r="4" /> : <circle className="ring" cx="5" cy="5" r="3.6" />}
      </svg>
      {words[liveness]}
    </span>
  );
}

function ThemeButton() {
  const theme = useTheme();
  const next = { system: 'light', light: 'dark', dark: 'system' } as const;
  const words = { system: 'as the system', light: 'light', dark: 'dark' };
  return (
    <button
      type="button"
      className="plain"
      aria-label={`Theme: ${words[theme]}. Change to ${words[next[theme]]}`}
      onClick={() => chooseTheme(next[theme])}
    >
      <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
        <circle className="line-ink" strokeWidth="1.5" cx="8" cy="8" r="6" />
        {theme !== 'light' && (
          <path
            className="fill-ink"
            d={theme === 'dark' ? 'M8 2a6 6 0 1 1 0 12a6 6 0 0 1 0-12' : 'M8 2a6 6 0 0 1 0 12Z'}
          />
        )}
      </svg>
    </button>
  );
}

function Account({ me }: { me: WhoAmI }) {
  const strongest = me.scopes.at(-1) ?? 'read';
  return (
    <details className="account">
      <summary>{visible(me.account, 24)}</summary>
      <div>
        <p>
          {visible(me.account, 64)}, may <b>{strongest}</b>
        </p>
        <p>
          {visible(me.instance, 64)}, {visible(me.trustDomain, 64)}, version {visible(me.version, 20)}
        </p>
        <button type="button" onClick={leave}>
          Sign out
        </button>
      </div>
    </details>
  );

  function leave(): void {
    // Either way the page goes to the login: a session that could not be ended is ended by its age.
    post('/v1/logout').then(out, out);
  }
  function out(): void {
    navigate('/login');
    location.reload();
  }
}

/** `?` helps, `/` goes to the filter, `g` then a letter goes to a view. Never while someone types. */
function useShortcuts(setHelping: (open: boolean) => void): void {
  const led = useRef(false);
  useEffect(() => {
    document.addEventListener('keydown', pressed);
    return () => document.removeEventListener('keydown', pressed);

    function pressed(event: KeyboardEvent): void {
      const { target } = event;
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return;
      const places: Readonly<Record<string, string>> = { c: '/coverage', m: '/map', i: '/incidents' };
      const place = places[event.key];
      if (led.current && place !== undefined) {
        event.preventDefault();
        navigate(place);
      } else if (event.key === '?') {
        event.preventDefault();
        setHelping(true);
      } else if (event.key === '/') {
        event.preventDefault();
        const filter = document.getElementById('filter');
        if (filter === null) navigate('/incidents');
        else filter.focus();
      }
      led.current = event.key === 'g' && !led.current;
    }
  }, [setHelping]);
}
