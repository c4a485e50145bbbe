/** Decisions at the network layer: who may connect to us (`ingress`), where we may connect (`egress`). */
import type { Contract, ContractVersion, Decision, Peer } from '../../model/index.js';
import { answersFor, firmFirst } from './answers.js';
import { gradeOf, type Nearest, nearestMiss, type Predicate } from './nearest.js';
import {
  type Caller,
  callerMatcher,
  callerText,
  type Destination,
  deniedDestinationMatcher,
  destinationMatcher,
  destinationText,
  peerText,
  rangeMatcher,
} from './peers.js';
import { type Protocol, portMatcher } from './ports.js';
import { SelectorTable } from './selector.js';
import { type Circumstances, type CompiledTerms, compileDenyTerms, compileTerms, type Terms } from './terms.js';

export interface IngressRequest extends Circumstances, Caller {
  /** The proved SPIFFE ID; null when there is none. When left out, a null `callerService` means there is none. */
  readonly caller?: string | null | undefined;
  /** Where the connection comes from, for clauses that name addresses. */
  readonly address?: string | undefined;
  readonly port: number;
  readonly protocol?: Protocol | undefined;
  readonly isolated?: boolean | undefined;
}

export interface EgressRequest extends Circumstances, Destination {
  readonly port: number;
  readonly protocol?: Protocol | undefined;
  readonly isolated?: boolean | undefined;
}

interface Connection extends Circumstances {
  readonly port: number;
  readonly protocol?: Protocol | undefined;
}

interface Entry<R extends Connection> {
  readonly id: string;
  readonly ports: (port: number, protocol: Protocol) => boolean;
  readonly portText: string;
  readonly side: (request: R) => boolean;
  readonly sideText: string;
  readonly terms: CompiledTerms<R>;
  readonly audited: boolean;
  readonly decision: Decision;
}

interface Clause extends Terms {
  readonly id: string;
  readonly ports: readonly string[];
}

export function compileIngress(version: ContractVersion): (request: IngressRequest) => Decision {
  const answers = answersFor(version, 'network');
  const { contract } = version;
  const ingress = contract.network?.ingress;
  const selectors = new SelectorTable();
  const entries = [...(ingress ?? []), ...impliedIngress(contract)].map((clause): Entry<IngressRequest> => {
    const byIdentity = callerMatcher([clause.from], (selector) => selectors.add(selector));
    const byAddress = 'cidr' in clause.from ? rangeMatcher(clause.from) : undefined;
    return entry<IngressRequest>(answers, clause, peerText(clause.from), inputOf, (request) =>
      byAddress === undefined ? byIdentity(request) : request.address !== undefined && byAddress(request.address),
    );
  });
  const nearest = (request: IngressRequest) => nearestOf(entries, request, callerText(request.callerService));
  return (request) => {
    const known = request.caller === undefined ? request.callerService !== null : request.caller !== null;
    if (!known) return answers.noIdentity;
    if (request.isolated === true) return answers.isolated;
    if (answers.mode === 'off') return answers.off;
    if (ingress === undefined) return answers.unmanaged;
    const found = find(entries, request);
    if (found !== undefined) return found;
    return answers.refuse(nearest, request);
  };
}

export function compileEgress(version: ContractVersion): (request: EgressRequest) => Decision {
  const answers = answersFor(version, 'network');
  const { contract } = version;
  const egress = contract.network?.egress;
  const selectors = new SelectorTable();
  const entries = [...(egress ?? []), ...impliedEgress(contract)].map((clause): Entry<EgressRequest> => {
    const side = destinationMatcher(clause.to, (selector) => selectors.add(selector));
    return entry<EgressRequest>(answers, clause, peerText(clause.to), inputOf, side);
  });
  const denials = (contract.deny ?? [])
    .flatMap((clause) => {
      if (clause.layer !== 'network') return [];
      const about = {
        ports: clause.ports === undefined ? undefined : portMatcher(clause.ports),
        side: deniedDestinationMatcher(clause.to),
        holds: compileDenyTerms<EgressRequest>(clause, inputOf),
      };
      return answers.denials(clause).map((denial) => ({ ...about, ...denial }));
    })
    .sort(firmFirst);
  const nearest = (request: EgressRequest) => nearestOf(entries, request, destinationText(request));
  return (request) => {
    if (request.isolated === true) return answers.isolated;
    if (answers.mode === 'off') return answers.off;
    for (const deny of denials) {
      if (
        (deny.ports === undefined || deny.ports(request.port, request.protocol ?? 'tcp')) &&
        deny.side(request) &&
        (deny.holds === undefined || deny.holds(request)) &&
        (deny.counts === undefined || deny.counts(request))
      )
        return deny.decision;
    }
    if (egress === undefined) return answers.unmanaged;
    const found = find(entries, request);
    if (found !== undefined) return found;
    return answers.refuse(nearest, request);
  };
}

/** Who may call an operation may connect to where it listens. A section that is written empty stays so. */
export function impliedIngress(contract: Contract): readonly (Clause & { readonly from: Peer })[] {
  const listeners = contract.api?.listeners;
  if (listeners === undefined || (contract.network?.ingress ?? []).length === 0) return [];
  const ports = listeners.map(({ port }) => port);
  return (contract.api?.serves ?? []).flatMap(({ id, from, until, mode }) =>
    from.map((peer) => ({ id, from: peer, ports, until, mode })),
  );
}

export function impliedEgress(contract: Contract): readonly (Clause & { readonly to: Peer })[] {
  if ((contract.network?.egress ?? []).length === 0) return [];
  return (contract.api?.calls ?? []).flatMap(({ id, to, ports, until, mode }) =>
    ports === undefined ? [] : [{ id, to, ports, until, mode }],
  );
}

function entry<R extends Connection>(
  answers: ReturnType<typeof answersFor>,
  clause: Clause,
  sideText: string,
  input: Parameters<typeof compileTerms<R>>[1],
  side: (request: R) => boolean,
): Entry<R> {
  const audited = clause.mode !== undefined;
  return {
    id: clause.id,
    ports: portMatcher(clause.ports),
    portText: clause.ports.join(' or '),
    side,
    sideText,
    terms: compileTerms(clause, input),
    audited,
    decision: audited ? answers.audited(clause.id) : answers.allow(clause.id),
  };
}

/** One that takes it whole comes before one that only lets it pass. */
function find<R extends Connection>(entries: readonly Entry<R>[], request: R): Decision | undefined {
  let audited: Decision | undefined;
  for (const one of entries) {
    if (audited !== undefined && one.audited) continue;
    if (!one.ports(request.port, request.protocol ?? 'tcp') || !one.side(request)) continue;
    if (one.terms.holds !== undefined && !one.terms.holds(request)) continue;
    if (!one.audited) return one.decision;
    audited = one.decision;
  }
  return audited;
}

function nearestOf<R extends Connection>(entries: readonly Entry<R>[], request: R, subject: string): Nearest {
  const protocol = request.protocol ?? 'tcp';
  return nearestMiss(
    entries,
    (one) =>
      gradeOf(
        one.side(request),
        one.ports(request.port, protocol),
        one.terms.holds === undefined || one.terms.holds(request),
        true,
        0,
      ),
    (one): readonly Predicate[] => [
      { name: 'peer', reason: 'peer-not-listed', holds: one.side(request), wanted: one.sideText, got: subject },
      {
        name: 'port',
        reason: 'port',
        holds: one.ports(request.port, protocol),
        wanted: one.portText,
        got: `${protocol}/${request.port}`,
      },
      ...one.terms.describe(request),
    ],
    'peer-not-listed',
  );
}

/** What a condition sees of a connection. */
function inputOf(request: IngressRequest | EgressRequest) {
  return {
    caller: request.attributes ?? {},
    callee: request.peerAttributes ?? {},
    user: {},
    request: {
      port: request.port,
      ...('host' in request && request.host !== undefined ? { host: request.host } : {}),
      ...(request.address === undefined ? {} : { address: request.address }),
    },
  };
}
