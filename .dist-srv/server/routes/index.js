import { contractRoutes } from './contracts.js';
import { coverageRoutes } from './coverage.js';
import { evidenceRoutes } from './evidence.js';
import { incidentRoutes } from './incidents.js';
import { recordRoutes } from './records.js';
import { sessionRoutes } from './session.js';
import { statusRoutes } from './status.js';
export const routes = [
    ...sessionRoutes,
    ...statusRoutes,
    ...coverageRoutes,
    ...contractRoutes,
    ...incidentRoutes,
    ...evidenceRoutes,
    ...recordRoutes,
];
