/** A contract as one list of clauses, each with the section it stands in. */
import type { Contract, Layer } from '../model/index.js';

export type Section = 'executables' | 'files' | 'ingress' | 'egress' | 'serves' | 'calls' | 'deny';

type Each<T> = T extends readonly (infer U)[] ? U : never;
type Clause =
  | Each<NonNullable<Contract['runtime']>['executables']>
  | Each<NonNullable<Contract['runtime']>['files']>
  | Each<NonNullable<Contract['network']>['ingress']>
  | Each<NonNullable<Contract['network']>['egress']>
  | Each<NonNullable<Contract['api']>['serves']>
  | Each<NonNullable<Contract['api']>['calls']>
  | Each<Contract['deny']>;

export interface PlacedClause {
  readonly layer: Layer;
  readonly section: Section;
  readonly clause: Clause;
}

/** In the order in which the contract is printed. */
export function clausesOf({ runtime, network, api, deny }: Contract): readonly PlacedClause[] {
  const of = (layer: Layer, section: Section, clauses: readonly Clause[] | undefined) =>
    (clauses ?? []).map((clause): PlacedClause => ({ layer, section, clause }));
  return [
    ...of('runtime', 'executables', runtime?.executables),
    ...of('runtime', 'files', runtime?.files),
    ...of('network', 'ingress', network?.ingress),
    ...of('network', 'egress', network?.egress),
    ...of('api', 'serves', api?.serves),
    ...of('api', 'calls', api?.calls),
    ...(deny ?? []).map((clause): PlacedClause => ({ layer: clause.layer, section: 'deny', clause })),
  ];
}
