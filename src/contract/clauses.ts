/** A contract as one list of clauses, each with the section it stands in. */
import type { Contract, Layer } from '../model/index.js';

export type Section =
  | 'executables'
  | 'files'
  | 'mounts'
  | 'ingress'
  | 'egress'
  | 'serves'
  | 'calls'
  | 'publish'
  | 'subscribe'
  | 'deny';

type Each<T> = T extends readonly (infer U)[] ? U : never;
type Messages = NonNullable<NonNullable<Contract['api']>['messages']>;
type Clause =
  | Each<NonNullable<Contract['runtime']>['executables']>
  | Each<NonNullable<Contract['runtime']>['files']>
  | Each<NonNullable<Contract['runtime']>['mounts']>
  | Each<NonNullable<Contract['network']>['ingress']>
  | Each<NonNullable<Contract['network']>['egress']>
  | Each<NonNullable<Contract['api']>['serves']>
  | Each<NonNullable<Contract['api']>['calls']>
  | Each<Messages['publish']>
  | Each<Messages['subscribe']>
  | Each<Contract['deny']>;

export interface PlacedClause {
  readonly layer: Layer;
  readonly section: Section;
  readonly clause: Clause;
}

/** In the order in which the contract is printed. */
export function clausesOf({
  runtime,
  network,
  api,
  deny,
}: Pick<Contract, 'runtime' | 'network' | 'api' | 'deny'>): readonly PlacedClause[] {
  const of = (layer: Layer, section: Section, clauses: readonly Clause[] | undefined) =>
    (clauses ?? []).map((clause): PlacedClause => ({ layer, section, clause }));
  return [
    ...of('runtime', 'executables', runtime?.executables),
    ...of('runtime', 'files', runtime?.files),
    ...of('runtime', 'mounts', runtime?.mounts),
    ...of('network', 'ingress', network?.ingress),
    ...of('network', 'egress', network?.egress),
    ...of('api', 'serves', api?.serves),
    ...of('api', 'calls', api?.calls),
    ...of('api', 'publish', api?.messages?.publish),
    ...of('api', 'subscribe', api?.messages?.subscribe),
    ...(deny ?? []).map((clause): PlacedClause => ({ layer: clause.layer, section: 'deny', clause })),
  ];
}
