/**
 * Who may call what: the one table. A route that does not stand here cannot be registered, and a test asks each of
 * them without credentials.
 */
import type { Permission } from '../auth/roles.js';

/** `anyone`: without signing in. Everything else is a permission, which `auth/roles.ts` gives to roles. */
export const access: Readonly<Record<string, Permission | 'anyone'>> = {
  'POST /v1/login': 'anyone',
  'POST /csp-report': 'anyone',
  'GET /healthz': 'anyone',
  'GET /*': 'anyone',

  'POST /v1/logout': 'self.read',
  'GET /v1/whoami': 'self.read',
  'GET /v1/status': 'status.read',
  'GET /v1/coverage': 'status.read',
  'GET /v1/hosts': 'status.read',
  'GET /v1/services': 'status.read',
  'GET /v1/sockets': 'status.read',
  'GET /v1/workloads': 'status.read',
  'GET /v1/map': 'status.read',
  'GET /v1/observations': 'observation.read',
  'GET /v1/incidents': 'incident.read',
  'GET /v1/incidents/:id': 'incident.read',
  'GET /v1/actions': 'incident.read',
  'GET /v1/evidence': 'evidence.read',
  'GET /v1/evidence/:id': 'evidence.read',
  'GET /v1/evidence/:id/download': 'evidence.read',
  'GET /v1/evidence-key': 'status.read',
  'GET /v1/audit': 'audit.read',
  'GET /v1/audit/verify': 'audit.read',
  'GET /v1/contracts': 'contract.read',
  'GET /v1/contracts/:service': 'contract.read',
  'GET /v1/contracts/:service/versions/:version': 'contract.read',
  'GET /v1/contracts/:service/diff': 'contract.read',
  'GET /v1/stream': 'status.read',
  'GET /metrics': 'metrics.read',

  'POST /v1/services': 'service.register',
  'POST /v1/contracts/:service/propose': 'contract.propose',
  'POST /v1/actions/plan': 'respond.plan',
  'POST /v1/actions/apply': 'respond.apply',
  'POST /v1/actions/:id/undo': 'respond.apply',
  'POST /v1/incidents/:id/state': 'incident.decide',
  'POST /v1/evidence/:id/pin': 'incident.decide',
  'POST /v1/evidence/:id/unpin': 'incident.decide',

  'POST /v1/contracts/:service/approve': 'contract.approve',
  'POST /v1/contracts/:service/reject': 'contract.approve',
  'POST /v1/contracts/:service/mode': 'contract.approve',

  'GET /v1/glass': 'status.read',
  'POST /v1/glass': 'glass.break',
  'POST /v1/glass/:id/close': 'glass.break',
  'POST /v1/hosts/:host/glass-code': 'host.admit',

  'POST /v1/password': 'session.own',
  'POST /v1/totp': 'session.own',
  'POST /v1/totp/confirm': 'session.own',
  'POST /v1/totp/remove': 'session.own',
  'GET /v1/sessions': 'session.own',
  'POST /v1/sessions/:id/revoke': 'session.own',
  'GET /v1/tokens': 'token.own',
  'POST /v1/tokens': 'token.own',
  'POST /v1/tokens/:id/revoke': 'token.own',
  'GET /v1/people': 'people.manage',
  'POST /v1/people': 'people.manage',
  'POST /v1/people/:name/change': 'people.manage',
  'POST /v1/people/:name/link': 'people.manage',
  'POST /v1/login-links': 'people.manage',
  'POST /v1/enrolment-tokens': 'host.admit',
  'POST /v1/hosts/:host/withdraw': 'host.admit',
};
