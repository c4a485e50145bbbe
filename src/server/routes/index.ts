/** The public API: one list; who may call what stands in `access.ts`. */
import type { Context } from '../context.js';
import type { Route } from '../http/route.js';
import { auditRoutes } from './audit.js';
import { authorityRoutes } from './authority.js';
import { contractDiffRoutes } from './contract-diff.js';
import { contractReviewRoutes } from './contract-review.js';
import { contractRoutes } from './contracts.js';
import { coverageRoutes } from './coverage.js';
import { decisionRoutes } from './decisions.js';
import { evidenceRoutes } from './evidence.js';
import { glassRoutes } from './glass.js';
import { incidentRoutes } from './incidents.js';
import { keyRoutes } from './keys.js';
import { metricsRoutes } from './metrics.js';
import { ownRoutes } from './own.js';
import { peopleRoutes } from './people.js';
import { policyRoutes } from './policy.js';
import { rolloutRoutes } from './rollouts.js';
import { recordRoutes } from './records.js';
import { sessionRoutes } from './session.js';
import { statusRoutes } from './status.js';

export const routes: readonly Route<Context>[] = [
  ...sessionRoutes,
  ...ownRoutes,
  ...peopleRoutes,
  ...statusRoutes,
  ...coverageRoutes,
  ...contractRoutes,
  ...contractDiffRoutes,
  ...contractReviewRoutes,
  ...incidentRoutes,
  ...auditRoutes,
  ...evidenceRoutes,
  ...glassRoutes,
  ...recordRoutes,
  ...decisionRoutes,
  ...policyRoutes,
  ...rolloutRoutes,
  ...keyRoutes,
  ...metricsRoutes,
  ...authorityRoutes,
];
