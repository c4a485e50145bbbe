/** What every compile target is: a contract goes in; files, and what they do not hold, come out; the files can be read back. */
import type { Contract } from '../../model/index.js';

export interface Target {
  /** As given to `contract compile --target`. */
  readonly name: string;
  /** One line for lists: what is written, and who holds it. */
  readonly summary: string;
  /** Pure: the same contract and place give the same bytes. */
  compile(input: TargetInput): CompiledTarget;
  /**
   * What this target's files mean, read from nothing but their text.
   *
   * @throws ContractError `contract-artefact` for text that is not such a file, naming the line
   */
  read(artefacts: readonly Artefact[]): Held;
}

export interface TargetInput {
  /** Stands by itself (`resolveContract`). */
  readonly contract: Contract;
  /** As a control plane counts it; null: from a file. */
  readonly version: number | null;
  readonly digest: string;
  readonly place: Place;
  /** Clauses that end before it (milliseconds since the epoch) are left out; the files have to be made anew by the next end. */
  readonly at: number;
}

/** What a contract does not say, since it differs from place to place. */
export interface Place {
  /** Of this service and of those it talks with, by name. A peer that is not here cannot be named by an address or label. */
  readonly services: Readonly<Record<string, PlacedService>>;
  /** In which the identities of the services are. */
  readonly trustDomain?: string | undefined;
  /** IPv4 or IPv6 addresses of the resolvers. */
  readonly resolvers?: readonly string[] | undefined;
}

export interface PlacedService {
  readonly addresses?: readonly string[] | undefined;
  /** nftables: its network namespace is its own, and the files are for the inside of that. */
  readonly alone?: boolean | undefined;
  /** Kubernetes: where its pods are, and which they are. */
  readonly namespace?: string | undefined;
  readonly podLabels?: Readonly<Record<string, string>> | undefined;
  /** Name of the container in the pod, or of the service in a Compose file; its own name when left out. */
  readonly container?: string | undefined;
  readonly image?: string | undefined;
  /** systemd: `payments.service`; its name and `.service` when left out. */
  readonly unit?: string | undefined;
}

export interface CompiledTarget {
  readonly artefacts: readonly Artefact[];
  readonly diagnostics: readonly Diagnostic[];
}

export interface Artefact {
  /** Relative, without `..`; unique in one compilation. */
  readonly file: string;
  readonly text: string;
}

/**
 * How one clause (null: a section as a whole) is held. `looser`: something passes that the contract refuses. `impossible`: the
 * clause has no effect here at all. `exact` needs a line as well: silence is never a yes.
 */
export interface Diagnostic {
  readonly clause: string | null;
  /** Path of the section: `network.egress`, `deny`, `runtime.files`. */
  readonly section: string;
  readonly target: string;
  readonly level: 'exact' | 'looser' | 'impossible';
  readonly reason: string;
  /** What would hold it instead; empty when nothing is lost. */
  readonly compensation: string;
}

/** One thing a workload does, or is asked, as a target may hold it. */
export type Deed =
  | { readonly kind: 'syscall'; readonly name: string }
  | { readonly kind: 'capability'; readonly name: string }
  | { readonly kind: 'exec'; readonly path: string }
  | { readonly kind: 'open'; readonly path: string; readonly access: 'read' | 'write' }
  | { readonly kind: 'connect'; readonly address: string; readonly port: number; readonly protocol: 'tcp' | 'udp' }
  | {
      readonly kind: 'connect-service';
      readonly service: string;
      readonly port: number;
      readonly protocol: 'tcp' | 'udp';
    }
  | { readonly kind: 'accept'; readonly address: string; readonly port: number; readonly protocol: 'tcp' | 'udp' }
  | {
      readonly kind: 'accept-service';
      readonly service: string;
      readonly port: number;
      readonly protocol: 'tcp' | 'udp';
    }
  | { readonly kind: 'publish' | 'subscribe'; readonly topic: string };

export interface Held {
  /** undefined: these files say nothing of such a deed. */
  allows(deed: Deed): boolean | undefined;
  /** Values that are held as they stand, by their path in the contract: `runtime.user.uid` -> 10001, `runtime.resources.pids` -> 64. */
  readonly values: Readonly<Record<string, string | number | boolean>>;
}
