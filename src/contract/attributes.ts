/** Every attribute of an identity that a contract may ask for, and where it comes from. Documented in the guide. */
import { nearestName } from './nearest-name.js';

export interface KnownAttribute {
  readonly name: string;
  /** Who proves it; `absent`: nothing that is installed does. */
  readonly source: 'identity' | 'attestation' | 'labels' | 'absent';
  readonly meaning: string;
}

export const knownAttributes: readonly KnownAttribute[] = [
  { name: 'id', source: 'identity', meaning: 'the SPIFFE ID' },
  { name: 'service', source: 'identity', meaning: 'the service of the SPIFFE ID' },
  { name: 'trust-domain', source: 'identity', meaning: 'the trust domain of the SPIFFE ID' },
  { name: 'platform', source: 'attestation', meaning: '`process` or `docker`' },
  { name: 'host', source: 'attestation', meaning: 'the host that it runs on' },
  {
    name: 'approved',
    source: 'attestation',
    meaning: '`yes` when its code or image is the one approved with the contract',
  },
  { name: 'code', source: 'attestation', meaning: 'digest of the code directory of a process' },
  { name: 'entry', source: 'attestation', meaning: 'the script or program of a process' },
  { name: 'operator', source: 'attestation', meaning: 'the account that started a process' },
  { name: 'uid', source: 'attestation', meaning: 'the user id of a process' },
  { name: 'image', source: 'attestation', meaning: 'digest of the configuration of a container image' },
  { name: 'image-name', source: 'attestation', meaning: 'the name a container was started by' },
  { name: 'manifest', source: 'attestation', meaning: 'digest of the manifest of a container image' },
  { name: 'container', source: 'attestation', meaning: 'the id of a container' },
  { name: 'environment', source: 'labels', meaning: 'the label of the service' },
  { name: 'tenant', source: 'labels', meaning: 'the label of the service' },
  { name: 'sensitivity', source: 'labels', meaning: 'the label of the service' },
  { name: 'image.signer', source: 'absent', meaning: 'who signed the image' },
  { name: 'image.maxSeverity', source: 'absent', meaning: 'the worst known vulnerability of the image' },
  { name: 'provenance.repo', source: 'absent', meaning: 'the repository it was built from' },
  { name: 'provenance.commit', source: 'absent', meaning: 'the commit it was built from' },
  { name: 'provenance.builder', source: 'absent', meaning: 'what built it' },
  { name: 'drift', source: 'absent', meaning: 'whether it is still what was deployed' },
  { name: 'namespace', source: 'absent', meaning: 'the Kubernetes namespace' },
  { name: 'service-account', source: 'absent', meaning: 'the Kubernetes service account' },
  { name: 'unit', source: 'absent', meaning: 'the systemd unit' },
];

const byName = new Map(knownAttributes.map((known) => [known.name, known]));

/** What is wrong with asking for it, in one clause; `required`: without it no identity is issued. */
export function attributeProblem(name: string, required: boolean): string | undefined {
  const known = byName.get(name);
  if (known === undefined) {
    const meant = nearestName(name, [...byName.keys()]);
    const hint = meant === undefined ? 'see docs/guide/contracts.md' : `did you mean \`${meant}\``;
    return `asks for the attribute \`${name}\`, which is not known; ${hint}`;
  }
  if (!required || known.source !== 'absent') return undefined;
  return `requires the attribute \`${name}\` (${known.meaning}), which nothing that is installed provides`;
}

export function isProvided(name: string): boolean {
  const source = byName.get(name)?.source;
  return source !== undefined && source !== 'absent';
}
