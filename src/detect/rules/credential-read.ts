import { isCredentialPath } from '../../contract/index.js';
import { isListedFile, type Rule, who } from './rule.js';

export const credentialRead: Rule = {
  id: 'RT-005',
  title: 'A credential was read',
  layer: 'runtime',
  severity: 'high',
  tactic: 'TA0006',
  technique: 'T1552.001',
  description:
    'A service opened a file that by its name holds a credential: /etc/shadow, a private key, a token, the environment of ' +
    'a process. Silent for a file the approved contract lists by name, and, while the runtime layer is learning, for ' +
    "files of the service's own code folder and of /run/secrets. A failed attempt weighs less.",
  kinds: ['open'],
  match(observation, context) {
    const { event } = observation;
    if (event.kind !== 'open' || event.write || !isCredentialPath(event.path)) return undefined;
    if (isListedFile(event.path, 'read', context)) return undefined;
    if (context.contract?.version.contract.mode.runtime === 'learn' && isOwn(event.path, context.workload))
      return undefined;
    const failed = event.failed === true;
    return {
      title: `${who(observation)} ${failed ? 'tried to read' : 'read'} a credential`,
      detail: `${event.path}, opened by ${event.program ?? 'an unknown program'}${failed ? '; it did not succeed' : ''}`,
      ...(failed ? { severity: 'medium' as const } : {}),
    };
  },
  examples: {
    hit: [
      [{ kind: 'open', path: '/etc/shadow', write: false }],
      [{ kind: 'open', path: '/run/secrets/db', write: false, program: 'cat' }],
      [{ kind: 'open', path: '/srv/shop/catalog/secrets/payments-token', write: false }],
      [{ kind: 'open', path: '/home/ana/.ssh/id_ed25519', write: false, failed: true }],
      [{ kind: 'open', path: '/proc/1/environ', write: false }],
    ],
    miss: [
      { kind: 'open', path: '/etc/passwd', write: false },
      { kind: 'open', path: '/srv/shop/node_modules/js-tokens/index.js', write: false },
      { kind: 'open', path: '/etc/ssl/certs/ca-certificates.crt', write: false },
      { kind: 'open', path: '/srv/shop/tokenizer.mjs', write: false },
      { kind: 'open', path: '/srv/shop/secrets/x', write: true },
    ],
  },
};

function isOwn(path: string, workload: Parameters<Rule['match']>[1]['workload']): boolean {
  if (/^\/(?:var\/)?run\/secrets\//.test(path)) return true;
  const attestation = workload?.attestation;
  return attestation?.kind === 'process' && path.startsWith(`${attestation.codeDirectory}/`);
}
