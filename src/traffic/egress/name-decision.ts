/** Whether a service may reach a name at all: asked before there is a connection, so on each port that its contract names. */
import { type CompiledContract, portRange } from '../../contract/index.js';
import type { Contract, Decision } from '../../model/index.js';
import { ownAttributes, type PlaneState } from '../plane-state.js';

/** Where no port is named every one is like this. */
const anyPort = 443;
const mostPorts = 64;

interface Names {
  /** Whether a name decides anything. */
  readonly asked: boolean;
  readonly ports: readonly number[];
}

const known = new WeakMap<CompiledContract, Names>();

export function namesOf(own: CompiledContract): Names {
  let names = known.get(own);
  if (names === undefined) {
    names = lookInto(own.version.contract);
    known.set(own, names);
  }
  return names;
}

/** The mildest answer of all ports. */
export function decideName(own: CompiledContract, host: string, state: PlaneState): Decision {
  const ask = (port: number) =>
    own.decideEgress({
      attributes: ownAttributes(state),
      at: state.at,
      host,
      byName: true,
      port,
      protocol: 'tcp',
      isolated: false,
    });
  let best = ask(anyPort);
  for (const port of namesOf(own).ports) {
    if (best.effect === 'allow') break;
    const decision = ask(port);
    if (best.effect === 'deny' || decision.effect === 'allow') best = decision;
  }
  return best;
}

function lookInto({ network, api, deny }: Contract): Names {
  const clauses = [
    ...(network?.egress ?? []),
    ...(api?.calls ?? []),
    ...(deny ?? []).flatMap((clause) => (clause.layer === 'network' ? [clause] : [])),
  ];
  const specs = clauses.flatMap(({ ports = [] }) => ports).filter((spec) => spec.startsWith('tcp/'));
  return {
    asked: clauses.some(({ to }) => 'host' in to),
    ports: [...new Set(specs.map((spec) => portRange(spec).first))].slice(0, mostPorts),
  };
}
