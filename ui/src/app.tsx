/** Who is signed in, which view the URL asks for, and the frame around it. */
import { useEffect, useState } from 'react';
import type { WhoAmI } from '../../src/server/api-types.ts';
import { ApiError, get, rememberCsrf } from './api.ts';
import { Link } from './parts/link.tsx';
import { Empty, Loading, ProblemNote } from './parts/notes.tsx';
import { Shell } from './parts/shell.tsx';
import { navigate, type Route, routeOf, useLocation } from './router.ts';
import { Session } from './session.ts';
import { openStream, useLiveness } from './stream.ts';
import { CoverageView } from './views/coverage/coverage.tsx';
import { IncidentView } from './views/incident/incident.tsx';
import { IncidentsView } from './views/incidents/incidents.tsx';
import { LoginView } from './views/login/login.tsx';
import { MapView } from './views/map/map.tsx';

export function App() {
  const route = routeOf(useLocation().split('?')[0] ?? '/');
  const [me, setMe] = useState<WhoAmI | undefined>(undefined);
  const [problem, setProblem] = useState<ApiError | undefined>(undefined);
  const [turn, setTurn] = useState(0);
  const liveness = useLiveness();
  const atLogin = route.view === 'login';

  // Asked again when the stream breaks: that is how a session that ended is noticed.
  useEffect(() => {
    if (atLogin || liveness === 'connecting') return;
    if (me !== undefined && liveness === 'live') return;
    ask();
  }, [atLogin, liveness, turn]);
  useEffect(() => {
    if (!atLogin && me === undefined) ask();
  }, [atLogin, turn]);
  const signedIn = me !== undefined;
  useEffect(() => (signedIn && !atLogin ? openStream() : undefined), [signedIn, atLogin]);

  if (route.view === 'login') {
    return (
      <main id="main" className="page">
        <LoginView onSignedIn={welcome} />
      </main>
    );
  }
  if (me === undefined) {
    return (
      <main id="main" className="page">
        {problem === undefined ? (
          <Loading what="who is signed in" />
        ) : problem.status === 401 ? (
          <LoginView onSignedIn={welcome} />
        ) : (
          <ProblemNote problem={problem} retry={() => setTurn(turn + 1)} />
        )}
      </main>
    );
  }
  return (
    <Session value={me}>
      <Shell route={route} me={me}>
        <View route={route} />
      </Shell>
    </Session>
  );

  function ask(): void {
    get<WhoAmI>('/v1/whoami').then(
      (answer) => {
        rememberCsrf(answer.csrf);
        setMe(answer);
        setProblem(undefined);
      },
      (error: unknown) => {
        if (!(error instanceof ApiError)) return;
        setProblem(error);
        if (error.status === 401) setMe(undefined);
      },
    );
  }

  function welcome(answer: WhoAmI): void {
    rememberCsrf(answer.csrf);
    setMe(answer);
    setProblem(undefined);
    if (location.pathname === '/login') navigate('/coverage');
  }
}

function View({ route }: { route: Exclude<Route, { view: 'login' }> }) {
  switch (route.view) {
    case 'coverage':
      return <CoverageView />;
    case 'map':
      return <MapView />;
    case 'incidents':
      return <IncidentsView />;
    case 'incident':
      return <IncidentView key={route.id} id={route.id} />;
    case 'unknown':
      return (
        <Empty title="There is no such page">
          Go to <Link to="/coverage">Coverage</Link>, <Link to="/map">Map</Link> or{' '}
          <Link to="/incidents">Incidents</Link>.
        </Empty>
      );
    default:
      return route satisfies never;
  }
}
