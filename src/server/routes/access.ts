/**
 * Who may call what: the one table. A route that does not stand here cannot be registered, and a test asks each of
 * them without credentials.
 */
import type { ScopeName } from '../auth/access.js';

/** `anyone`: without signing in. Everything else is a scope. */
export const access: Readonly<Record<string, ScopeName | 'anyone'>> = {
  'POST /v1/login': 'anyone',
  'POST /csp-report': 'anyone',
  'GET /healthz': 'anyone',
  'GET /*': 'anyone',

  'POST /v1/logout': 'read',
  'GET /v1/whoami': 'read',
  'GET /v1/status': 'read',
  'GET /v1/coverage': 'read',
  'GET /v1/hosts': 'read',
  'GET /v1/services': 'read',
  'GET /v1/sockets': 'read',
  'GET /v1/workloads': 'read',
  'GET /v1/map': 'read',
  'GET /v1/observations': 'read',
  'GET /v1/incidents': 'read',
  'GET /v1/incidents/:id': 'read',
  'GET /v1/actions': 'read',
  'GET /v1/evidence': 'read',
  'GET /v1/evidence/:id': 'read',
  'GET /v1/evidence/:id/download': 'read',
  'GET /v1/evidence-key': 'read',
  'GET /v1/audit': 'read',
  'GET /v1/audit/verify': 'read',
  'GET /v1/contracts': 'read',
  'GET /v1/contracts/:service': 'read',
  'GET /v1/contracts/:service/versions/:version': 'read',
  'GET /v1/contracts/:service/diff': 'read',
  'GET /v1/stream': 'read',

  'POST /v1/services': 'operate',
  'POST /v1/contracts/:service/propose': 'operate',
  'POST /v1/actions/plan': 'operate',
  'POST /v1/actions/apply': 'operate',
  'POST /v1/actions/:id/undo': 'operate',
  'POST /v1/incidents/:id/state': 'operate',

  'POST /v1/contracts/:service/approve': 'approve',
  'POST /v1/contracts/:service/reject': 'approve',
  'POST /v1/contracts/:service/mode': 'approve',

  'POST /v1/tokens': 'admin',
  'POST /v1/tokens/:id/revoke': 'admin',
  'POST /v1/login-links': 'admin',
  'POST /v1/enrolment-tokens': 'admin',
  'POST /v1/hosts/:host/withdraw': 'admin',
};
