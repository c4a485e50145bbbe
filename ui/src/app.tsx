/** Chooses the view by the URL, and the way in for who is not signed in. */
import { useEffect, useState } from 'react';
import type { WhoAmI } from '../../src/server/api-types.ts';
import { ApiError, get, rememberCsrf } from './api.ts';
import { Frame } from './parts/frame.tsx';
import { Link } from './parts/link.tsx';
import { Empty, Problem } from './parts/notice.tsx';
import { navigate, type Route, routeOf, useLocation } from './router.ts';
import { Me } from './session.ts';
import { openStream } from './stream.ts';
import { AuditView } from './views/audit/audit-view.tsx';
import { ContractView } from './views/contract/contract-view.tsx';
import { ContractsView } from './views/contracts/contracts-view.tsx';
import { CoverageView } from './views/coverage/coverage-view.tsx';
import { IncidentView } from './views/incident/incident-view.tsx';
import { IncidentsView } from './views/incidents/incidents-view.tsx';
import { doorFrom } from './views/login/destination.ts';
import { LoginView } from './views/login/login-view.tsx';
import { MapView } from './views/map/map-view.tsx';
import { PeopleView } from './views/people/people-view.tsx';
import { YouView } from './views/you/you-view.tsx';

export function App() {
  const place = useLocation();
  const route = routeOf(place.split('?')[0] ?? '/');
  const [me, setMe] = useState<WhoAmI>();
  const [problem, setProblem] = useState<ApiError>();
  const atDoor = route.view === 'login';

  useEffect(() => {
    if (atDoor || me !== undefined) return;
    get<WhoAmI>('/v1/whoami').then(
      (answer) => {
        rememberCsrf(answer.csrf);
        setProblem(undefined);
        setMe(answer);
      },
      (error: unknown) => {
        if (error instanceof ApiError && error.status === 401)
          navigate(doorFrom(`${location.pathname}${location.search}`));
        else
          setProblem(
            error instanceof ApiError ? error : new ApiError(0, 'unexpected', 'the page could not start', null),
          );
      },
    );
  }, [atDoor, me]);
  useEffect(() => (me === undefined ? undefined : openStream()), [me]);
  useEffect(() => {
    document.title = `${titleOf(route)} · Tricordon`;
  });

  if (atDoor) return <LoginView entered={setMe} />;
  if (me === undefined) {
    return (
      <main id="main" tabIndex={-1}>
        <h1 className="sr">Tricordon</h1>
        {problem === undefined ? null : <Problem problem={problem} retry={() => window.location.reload()} />}
      </main>
    );
  }
  return (
    <Me value={me}>
      <Frame route={route} me={me}>
        <View route={route} />
      </Frame>
    </Me>
  );
}

function View({ route }: { readonly route: Route }) {
  switch (route.view) {
    case 'coverage':
      return <CoverageView />;
    case 'map':
      return <MapView />;
    case 'incidents':
      return <IncidentsView />;
    case 'incident':
      return <IncidentView key={route.id} id={route.id} />;
    case 'contracts':
      return <ContractsView />;
    case 'contract':
      return <ContractView key={route.service} service={route.service} />;
    case 'audit':
      return <AuditView />;
    case 'people':
      return <PeopleView />;
    case 'you':
      return <YouView />;
    case 'login':
      return null;
    case 'unknown':
      return (
        <>
          <h1>There is no such page</h1>
          <Empty title="Perhaps one of these">
            <p>
              <Link to="/coverage">Coverage</Link>, <Link to="/map">Map</Link>, <Link to="/incidents">Incidents</Link>,{' '}
              <Link to="/contracts">Contracts</Link>
            </p>
          </Empty>
        </>
      );
    default:
      return route satisfies never;
  }
}

function titleOf(route: Route): string {
  const titles = {
    coverage: 'Coverage',
    map: 'Map',
    incidents: 'Incidents',
    contracts: 'Contracts',
    audit: 'Audit trail',
    people: 'People',
    you: 'You',
    login: 'Sign in',
    unknown: 'No such page',
  };
  if (route.view === 'incident') return route.id;
  return route.view === 'contract' ? `Contract of ${route.service}` : titles[route.view];
}
