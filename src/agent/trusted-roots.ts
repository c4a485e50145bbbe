/**
 * What this host trusts and under which root its own certificates stand, while the authority changes its root: it is said
 * with each report, since the control plane goes on only when every host is ready for the next step.
 */
import { type Logger, messageOf } from '../base/index.js';
import { type Bundles, rootAbove, rootFingerprint, type Svid, type SvidSource } from '../identity/index.js';

export interface TrustedRoots {
  /** From here on it is part of what is used on this host. Returns what lets go of it. */
  follow(source: Pick<SvidSource, 'current' | 'renewNow'>): () => void;
  /** The control plane's word, also when it did not change: what is to be trusted, and which root signs now. */
  take(state: RootWord): void;
  /** For the report; undefined while a data plane process has not confirmed the roots. */
  facts(): RootFacts | undefined;
}

/** Of the control plane's answers; the issuer is absent where that speaks protocol 1. */
export interface RootWord {
  readonly revision: number;
  readonly bundles: Bundles;
  readonly issuer?: string | undefined;
}

export interface RootFacts {
  /** Fingerprints of the roots that everything on this host trusts. */
  readonly trusted: readonly string[];
  /** Of the roots above certificates that are in use here. */
  readonly used: readonly string[];
}

export interface TrustedRootsOptions {
  readonly trustDomain: string;
  /** Revisions of the snapshots in force, of each data plane process; null: it did not say. */
  readonly planes: () => readonly (number | null)[];
  readonly log: Logger;
  /** The host's own trust, also of the next start. False: the old one stays. */
  readonly trust: (bundles: Bundles) => boolean;
}

export function trustedRoots(options: TrustedRootsOptions): TrustedRoots {
  const sources = new Set<Pick<SvidSource, 'current' | 'renewNow'>>();
  let roots: readonly string[] = [];
  let fingerprints: readonly string[] = [];
  /** The first revision with these roots. */
  let since = Number.POSITIVE_INFINITY;
  let above = new WeakMap<Svid, string>();
  let renewing = false;

  return {
    follow: (source) => {
      sources.add(source);
      return () => sources.delete(source);
    },
    take({ revision, bundles, issuer }) {
      if (!options.trust(bundles)) return;
      const next = bundles[options.trustDomain] ?? [];
      if (next.join() !== roots.join()) {
        roots = next;
        fingerprints = next.map(rootFingerprint);
        since = revision;
        above = new WeakMap();
        options.log.info({ roots: fingerprints }, 'these roots are trusted');
      }
      if (issuer !== undefined) void renewUnder(issuer);
    },
    facts() {
      if (options.planes().some((revision) => revision === null || revision < since)) return undefined;
      const used = [...sources].map(rootOf).filter((fingerprint) => fingerprint !== undefined);
      return { trusted: fingerprints, used: [...new Set(used)] };
    },
  };

  /** A certificate of another root is given up long before its end: that root is about to go. One after the other. */
  async function renewUnder(issuer: string): Promise<void> {
    if (renewing) return;
    renewing = true;
    try {
      for (const source of [...sources]) {
        if (!sources.has(source) || !isOther(rootOf(source))) continue;
        // The next word of the control plane tries it again.
        await source.renewNow().catch((error: unknown) => {
          options.log.warn({ error: messageOf(error) }, 'not renewed under the root that signs now');
        });
      }
    } finally {
      renewing = false;
    }

    function isOther(root: string | undefined): boolean {
      return root !== undefined && root !== issuer;
    }
  }

  function rootOf(source: Pick<SvidSource, 'current'>): string | undefined {
    const svid = source.current();
    if (svid === undefined) return undefined;
    const root = above.get(svid) ?? rootAbove(svid, roots);
    if (root !== undefined) above.set(svid, root);
    return root;
  }
}
