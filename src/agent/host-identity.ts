/** The agent's own identity (`spiffe://TD/agent/HOST`): enrolled once with a one-time token, renewed at half life. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Clock, codeOf, type Logger, messageOf } from '../base/index.js';
import {
  type Bundles,
  createSvidSource,
  generateKeyPair,
  IdentityError,
  type KeyPlace,
  keyText,
  openKeyText,
  rootFingerprint,
  type Subkey,
  type Svid,
  type SvidSource,
  svidFrom,
} from '../identity/index.js';
import { type ControlClient, enrol } from './control-client.js';
import { Issued } from './control-answers.js';
import { AgentError } from './errors.js';
import type { AgentSettings } from './settings.js';

const Kept = z.strictObject({
  schemaVersion: z.literal(1),
  keyPem: z.string(),
  chain: z.array(z.string()),
  trustDomain: z.string(),
  bundles: z.record(z.string(), z.array(z.string())),
  /** Fingerprints of roots that were trusted once: whoever started this agent may still name one of them. */
  formerRoots: z.array(z.string()).optional(),
});
type Kept = z.infer<typeof Kept>;

export interface HostIdentity {
  readonly trustDomain: string;
  bundles(): Bundles;
  /** Trusts these from now on, also after a restart. False, and said: they are none, or could not be kept. */
  trust(bundles: Bundles): boolean;
  /** Called when what is trusted has changed. Returns the unsubscriber. */
  onTrust(listener: () => void): () => void;
  readonly source: SvidSource;
  /** The control plane refused this agent before this start: what it ran then has ended there. */
  readonly wasRefused: boolean;
  /** The control plane refuses this agent itself: said once, and kept for the next start, which takes a new token. */
  refused(why: string): void;
  /** It serves this agent. */
  accepted(): void;
}

/** Stands in the agent's directory while the control plane refuses the identity in it. */
export const refusedMark = 'refused';

/** Takes up the identity of the last run, or enrols. Throws AgentError `enrolment-refused` or `control-unreachable`. */
export async function establishIdentity(
  settings: AgentSettings,
  client: ControlClient,
  clock: Clock,
  log: Logger,
  subkeys: readonly Subkey[] = [],
): Promise<HostIdentity> {
  const place: KeyPlace = { directory: settings.directory, name: 'identity.json', purpose: 'host', subkeys };
  const mark = join(settings.directory, refusedMark);
  const wasRefused = existsSync(mark);
  const known = await usable(place, clock);
  // A token is taken where what is held is of no use: refused there, or from before the root was changed.
  const anew = existsSync(settings.enrolTokenFile) && (wasRefused || !knowsRoot(known, settings.controlFingerprint));
  let kept = (anew ? undefined : known) ?? (await enrolNow(settings, place, log));
  let trusted: boolean | undefined;
  const listeners = new Set<() => void>();
  const expectedId = `spiffe://${kept.trustDomain}/control-plane`;
  const initial = svidFrom(kept.keyPem, kept.chain);
  const identify = (svid: Svid) => client.identify({ svid, bundles: kept.bundles, expectedId });
  identify(initial);
  const source = createSvidSource({
    clock,
    initial,
    expectedId: initial.id,
    logger: log,
    renew: async (publicKey) => (await client.call('POST', '/agent/v1/renew', { publicKey }, Issued)).chain,
  });
  source.onChange((svid) => {
    identify(svid);
    kept = { ...kept, keyPem: svid.privateKeyPem, chain: [...svid.chainPem] };
    keep(place, kept);
  });
  await source.start();
  return {
    trustDomain: kept.trustDomain,
    bundles: () => kept.bundles,
    trust,
    onTrust: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    source,
    wasRefused,
    refused: (why) => {
      if (trusted === false) return;
      trusted = false;
      log.error(
        {
          reason: why,
          hint: 'to trust it again: `tricordon agent token HOST` on the control plane, then join with that',
        },
        'the control plane does not trust this host any more: it sends nothing and takes no reports',
      );
      try {
        writeFileSync(mark, '', { mode: 0o600 });
      } catch (error) {
        log.warn({ error: messageOf(error) }, 'the next start will learn it anew');
      }
    },
    accepted: () => {
      if (trusted === true) return;
      trusted = true;
      rmSync(mark, { force: true });
    },
  };

  function trust(bundles: Bundles): boolean {
    if (JSON.stringify(bundles) === JSON.stringify(kept.bundles)) return true;
    try {
      const own = bundles[kept.trustDomain] ?? [];
      if (own.map(rootFingerprint).length === 0) throw new Error('they hold no root');
      const dropped = fingerprintsOf(kept.bundles).filter((root) => !fingerprintsOf(bundles).includes(root));
      const next = {
        ...kept,
        bundles: Object.fromEntries(Object.entries(bundles).map(([domain, pems]) => [domain, [...pems]])),
        ...(dropped.length === 0 ? {} : { formerRoots: [...(kept.formerRoots ?? []), ...dropped] }),
      };
      // Kept first: what it said it trusts it has to trust after a restart as well.
      keep(place, next);
      kept = next;
    } catch (error) {
      log.error({ reason: messageOf(error) }, 'the new roots are not trusted: the old ones stay');
      return false;
    }
    const svid = source.current();
    if (svid !== undefined) identify(svid);
    for (const listener of [...listeners]) listener();
    return true;
  }
}

const Roots = z.object({
  bundles: z.record(z.string(), z.array(z.string())),
  formerRoots: z.array(z.string()).default([]),
});

/** Whether what is kept was of this root's time; else a control plane that shows it is a stranger, and takes a new token. */
export function knowsRoot(kept: unknown, fingerprint: string): boolean {
  const known = Roots.safeParse(kept).data;
  if (known === undefined) return false;
  return [...fingerprintsOf(known.bundles), ...known.formerRoots].includes(
    fingerprint.toLowerCase().replaceAll(':', ''),
  );
}

function fingerprintsOf(bundles: Bundles): string[] {
  return Object.values(bundles).flat().map(rootFingerprint);
}

async function usable(place: KeyPlace, clock: Clock): Promise<Kept | undefined> {
  const path = join(place.directory, place.name);
  if (!existsSync(path)) return undefined;
  try {
    const written = Kept.parse(JSON.parse(readFileSync(path, 'utf8')));
    const { text: keyPem, current } = openKeyText(place, written.keyPem);
    const kept = { ...written, keyPem };
    if (!current) keep(place, kept);
    return svidFrom(kept.keyPem, kept.chain).notAfter > clock.now() ? kept : undefined;
  } catch (error) {
    if (error instanceof IdentityError && error.code === 'key-sealed') throw error;
    return undefined;
  }
}

async function enrolNow(settings: AgentSettings, place: KeyPlace, log: Logger): Promise<Kept> {
  if (!existsSync(settings.enrolTokenFile)) {
    throw new AgentError('enrolment-refused', 'this host has no identity and no one-time token', {
      hint: 'make one with `tricordon agent token HOST`, and join again',
    });
  }
  const token = readFileSync(settings.enrolTokenFile, 'utf8').trim();
  const pair = generateKeyPair();
  for (let attempt = 1; ; attempt += 1) {
    try {
      const body = { token, host: settings.host, publicKey: pair.publicKeyPem };
      const issued = await enrol(settings.controlUrl, settings.controlFingerprint, body, Issued, settings.protocol);
      const kept: Kept = {
        schemaVersion: 1,
        keyPem: pair.privateKeyPem,
        chain: issued.chain,
        trustDomain: issued.trustDomain,
        bundles: issued.bundles,
      };
      keep(place, kept);
      rmSync(settings.enrolTokenFile, { force: true });
      return kept;
    } catch (error) {
      if (codeOf(error) === 'version-apart')
        throw new AgentError('enrolment-refused', messageOf(error), {
          cause: error,
          hint: 'run the version of the control plane on this host, or the one before',
        });
      if (error instanceof AgentError && error.code === 'control-refused')
        throw new AgentError('enrolment-refused', error.message, {
          cause: error,
          hint: 'make a new token for this host with `tricordon agent token HOST`',
        });
      if (!(error instanceof AgentError) || error.code !== 'control-unreachable' || attempt === 60) throw error;
      log.warn({ error: messageOf(error), attempt }, 'enrolment waits for the control plane');
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

function keep(place: KeyPlace, kept: Kept): void {
  const path = join(place.directory, place.name);
  writeFileSync(`${path}.new`, JSON.stringify({ ...kept, keyPem: keyText(place, kept.keyPem) }), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
