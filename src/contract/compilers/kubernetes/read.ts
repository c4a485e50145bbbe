import { contains, rangeOf } from '../addresses.js';
import { artefactNamed, artefactProblem, readShape } from '../read-artefact.js';
import { read as readSeccomp } from '../seccomp/read.js';
import type { Artefact, Deed, Held } from '../target.js';
import { NetworkPolicy, Patch, type PatchedContainer } from './shapes.js';

/** @throws ContractError `contract-artefact` */
export function read(artefacts: readonly Artefact[]): Held {
  const has = (ending: string) => artefacts.some(({ file }) => file.endsWith(ending));
  const policy = has('.networkpolicy.yaml')
    ? readShape(artefactNamed(artefacts, '.networkpolicy.yaml'), NetworkPolicy)
    : undefined;
  const patch = has('.patch.yaml') ? readShape(artefactNamed(artefacts, '.patch.yaml'), Patch) : undefined;
  if (policy === undefined && patch === undefined)
    throw artefactProblem('*.yaml', undefined, 'there is neither a NetworkPolicy nor a patch');
  const [container] = patch?.spec.template.spec.containers ?? [];
  const profile = container?.securityContext?.seccompProfile === undefined ? undefined : readSeccomp(artefacts);
  return {
    allows: (deed) => allows(policy, container, profile, deed),
    values: Object.fromEntries(
      Object.entries(valuesOf(container)).filter(([, value]) => value !== undefined),
    ) as Held['values'],
  };
}

function allows(
  policy: NetworkPolicy | undefined,
  container: PatchedContainer | undefined,
  profile: Held | undefined,
  deed: Deed,
): boolean | undefined {
  const context = container?.securityContext;
  switch (deed.kind) {
    case 'syscall':
      return profile?.allows(deed);
    case 'capability':
      return context?.capabilities?.add.includes(deed.name);
    case 'open':
      if (deed.access === 'read' || context?.readOnlyRootFilesystem === undefined) return undefined;
      return writable(container?.volumeMounts ?? [], deed.path);
    case 'connect':
      if (policy?.spec.policyTypes.includes('Egress') !== true) return undefined;
      return (policy.spec.egress ?? []).some(
        ({ to, ports }) => to.some((peer) => takesIn(peer, deed.address)) && open(ports, deed),
      );
    case 'accept':
      if (policy?.spec.policyTypes.includes('Ingress') !== true) return undefined;
      return (policy.spec.ingress ?? []).some(
        ({ from, ports }) => from.some((peer) => takesIn(peer, deed.address)) && open(ports, deed),
      );
    default:
      return undefined;
  }
}

type Rule = NonNullable<NetworkPolicy['spec']['egress']>[number];

/** Which pod has an address is not in these files: pods are no addresses here. */
function takesIn(peer: Rule['to'][number], address: string): boolean {
  if (!('ipBlock' in peer)) return false;
  const [block, one] = [rangeOf(peer.ipBlock.cidr), rangeOf(address)];
  const inside = block !== undefined && one !== undefined && contains(block, one);
  return (
    inside &&
    !(peer.ipBlock.except ?? []).some((text) => {
      const range = rangeOf(text);
      return range === undefined || contains(range, one);
    })
  );
}

function open(
  ports: Rule['ports'],
  { port, protocol }: { readonly port: number; readonly protocol: 'tcp' | 'udp' },
): boolean {
  return ports.some(
    (one) =>
      one.protocol.toLowerCase() === protocol &&
      (one.port === undefined || (one.port <= port && port <= (one.endPort ?? one.port))),
  );
}

/** The deepest mount counts; devices and the kernel's own file systems have rules of their own. */
function writable(mounts: NonNullable<PatchedContainer['volumeMounts']>, path: string): boolean | undefined {
  if (/^\/(?:dev|proc|sys)(?:\/|$)/.test(path)) return undefined;
  const [deepest] = mounts
    .filter(({ mountPath }) => path === mountPath || path.startsWith(`${mountPath}/`))
    .sort((one, other) => other.mountPath.length - one.mountPath.length);
  return deepest !== undefined && deepest.readOnly === undefined;
}

function valuesOf(
  container: PatchedContainer | undefined,
): Readonly<Record<string, string | number | boolean | undefined>> {
  const { securityContext: context, resources } = container ?? {};
  const { cpu, memory } = resources?.limits ?? {};
  return {
    'runtime.user.uid': context?.runAsUser,
    'runtime.user.gid': context?.runAsGroup,
    'runtime.rootfs': context?.readOnlyRootFilesystem === true ? 'readonly' : undefined,
    'runtime.privilegeEscalation': context?.allowPrivilegeEscalation,
    'runtime.resources.cpu': cpu === undefined ? undefined : Number(cpu.slice(0, -1)) / 1_000,
    'runtime.resources.memory': memory === undefined ? undefined : Number(memory),
  };
}
