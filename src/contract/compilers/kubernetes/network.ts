/** The network layer as a NetworkPolicy: pods by label, addresses, ports. It knows no names, no identities and no deny. */
import type { Deny, Peer } from '../../../model/index.js';
import { impliedEgress, impliedIngress } from '../../compile/network.js';
import { gatewayService } from '../../compile/peers.js';
import { portRange } from '../../compile/ports.js';
import { contains, type Range, rangeOf, rangeText } from '../addresses.js';
import { type Lines, partsOf, refuses, standing } from '../parts.js';
import type { PlacedService, TargetInput } from '../target.js';
import type { NetworkPolicy, PolicyPeer, PolicyPort } from './shapes.js';

const dataPlane = 'our data plane, which holds identities';
const byLabel = 'pods with these labels, whoever they prove to be';

interface Clause {
  readonly id: string;
  readonly section: 'network.ingress' | 'network.egress';
  readonly peer: Peer;
  readonly ports: readonly string[];
  readonly where?: string | undefined;
  readonly until?: string | undefined;
  readonly mode?: string | undefined;
}

interface Rule {
  readonly peers: readonly PolicyPeer[];
  readonly ports: readonly PolicyPort[];
}

/** undefined: there is nothing to write; every part has its line. */
export function networkPolicy(input: TargetInput, lines: Lines): NetworkPolicy | undefined {
  const { contract, place } = input;
  if (!refuses(lines, contract, 'network', dataPlane)) return undefined;
  const parts = partsOf(contract, 'network');
  if (parts.length === 0) return undefined;
  const own = place.services[contract.service];
  if (own?.podLabels === undefined || Object.keys(own.podLabels).length === 0) {
    for (const part of parts)
      lines.impossible(part, 'which pods are of this service is not known', '`podLabels` of the service in --place');
    return undefined;
  }
  const { ingress, egress } = contract.network ?? {};
  const denied = planDenies(input, lines, ingress !== undefined || egress !== undefined);
  for (const part of parts) if (part.clause === null) lines.exact(part, 'nothing is allowed in this direction');
  const incoming = (ingress === undefined ? [] : [...ingress, ...impliedIngress(contract)]).map(
    ({ from, ...clause }): Clause => ({ ...clause, peer: from, section: 'network.ingress' }),
  );
  const outgoing = (egress === undefined ? [] : [...egress, ...impliedEgress(contract)]).map(
    ({ to, ...clause }): Clause => ({ ...clause, peer: to, section: 'network.egress' }),
  );
  const from = incoming.flatMap((clause) => planClause(input, lines, clause, []));
  const to = outgoing.flatMap((clause) => planClause(input, lines, clause, denied));
  if (ingress === undefined && egress === undefined) return undefined;
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: {
      name: `tricordon-${contract.service}`,
      ...(own.namespace === undefined ? {} : { namespace: own.namespace }),
    },
    spec: {
      podSelector: { matchLabels: { ...own.podLabels } },
      policyTypes: [
        ...(ingress === undefined ? [] : ['Ingress' as const]),
        ...(egress === undefined ? [] : ['Egress' as const]),
      ],
      ...(from.length === 0
        ? {}
        : { ingress: from.map(({ peers, ports }) => ({ from: [...peers], ports: [...ports] })) }),
      ...(to.length === 0 ? {} : { egress: to.map(({ peers, ports }) => ({ to: [...peers], ports: [...ports] })) }),
    },
  };
}

/** Address ranges that have to be taken out of what is allowed. */
function planDenies({ contract, at }: TargetInput, lines: Lines, managed: boolean): readonly Range[] {
  const denies = (contract.deny ?? []).filter(
    (deny): deny is Extract<Deny, { layer: 'network' }> => deny.layer === 'network',
  );
  return denies.flatMap((deny) => {
    const part = { clause: deny.id, section: 'deny' };
    const range = 'cidr' in deny.to && deny.to.except === undefined ? rangeOf(deny.to.cidr) : undefined;
    if (standing(deny, at, true) === 'tells only')
      lines.looser(part, `tells only until ${deny.until}; a NetworkPolicy tells nothing`, dataPlane);
    else if (!managed || contract.network?.egress === undefined)
      lines.impossible(part, 'there is no deny: where `egress` is not managed everything is allowed', 'write `egress`');
    else if (range === undefined || deny.ports !== undefined || deny.where !== undefined)
      lines.impossible(part, 'there is no deny but by whole addresses', dataPlane);
    else {
      lines.exact(part, 'taken out of the addresses that are allowed');
      return [range];
    }
    return [];
  });
}

function planClause(
  { place, at }: TargetInput,
  lines: Lines,
  clause: Clause,
  denied: readonly Range[],
): readonly Rule[] {
  const part = { clause: clause.id, section: clause.section };
  const stands = standing({ until: clause.until, mode: clause.mode }, at, false);
  if (stands === 'ended') {
    lines.exact(part, `ended at ${clause.until}, and is left out`);
    return [];
  }
  const ports = clause.ports.map(portOf);
  const { peer } = clause;
  const conditional = clause.where !== undefined || stands === 'tells only';
  const say = (peers: readonly PolicyPeer[], how: string, exact = false): readonly Rule[] => {
    if (conditional) lines.looser(part, `${how}; its condition is not looked at, and nothing is told`, dataPlane);
    else if (exact) lines.exact(part, how);
    else lines.looser(part, how, dataPlane);
    return peers.length === 0 ? [] : [{ peers, ports }];
  };
  if ('match' in peer && peer.match !== undefined) {
    lines.impossible(part, 'attributes of an identity are not known here', dataPlane);
    return [];
  }
  if ('cidr' in peer) {
    const blocks = blocksOf(peer, denied);
    return say(blocks, 'addresses, where they arrive as they were sent', true);
  }
  if ('builtin' in peer && peer.builtin === 'any-identity')
    return clause.section === 'network.ingress'
      ? say([{ namespaceSelector: {} }], 'any pod of the cluster')
      : none(lines, part);
  const name =
    'service' in peer
      ? peer.service
      : 'builtin' in peer && clause.section === 'network.ingress'
        ? gatewayService
        : undefined;
  const placed = name === undefined ? undefined : place.services[name];
  const peers = placed === undefined ? [] : podsOf(placed, denied);
  if (peers.length > 0) return say(peers, byLabel);
  return none(lines, part);
}

function none(lines: Lines, part: { readonly clause: string; readonly section: string }): readonly Rule[] {
  lines.impossible(
    part,
    'no labels and no addresses of it are known here, so nothing is opened for it',
    '`podLabels` or `addresses` in --place; our data plane for names',
  );
  return [];
}

function podsOf({ podLabels, namespace, addresses }: PlacedService, denied: readonly Range[]): readonly PolicyPeer[] {
  if (podLabels !== undefined && Object.keys(podLabels).length > 0)
    return [
      {
        ...(namespace === undefined
          ? {}
          : { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } }),
        podSelector: { matchLabels: { ...podLabels } },
      },
    ];
  return (addresses ?? []).flatMap((address) =>
    blocksOf({ cidr: `${address}/${address.includes(':') ? 128 : 32}` }, denied),
  );
}

/** Without what is forbidden: an `except` has to lie within, and a block within what is forbidden is none. */
function blocksOf(
  peer: { readonly cidr: string; readonly except?: readonly string[] | undefined },
  denied: readonly Range[],
): readonly PolicyPeer[] {
  const range = rangeOf(peer.cidr);
  if (range === undefined || denied.some((one) => contains(one, range))) return [];
  const out = [...(peer.except ?? []).flatMap((text) => rangeOf(text) ?? []), ...denied].filter((one) =>
    contains(range, one),
  );
  if (out.some((one) => contains(one, range))) return [];
  const except = [...new Set(out.map(rangeText))];
  return [{ ipBlock: { cidr: rangeText(range), ...(except.length === 0 ? {} : { except }) } }];
}

function portOf(spec: string): PolicyPort {
  const { protocol, first, last } = portRange(spec);
  const name = protocol === 'udp' ? 'UDP' : 'TCP';
  if (first === 1 && last === 65_535) return { protocol: name };
  return { protocol: name, port: first, ...(last === first ? {} : { endPort: last }) };
}
