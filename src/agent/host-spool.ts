/** The spool of this host, sealed by keys of its own. */
import { createHash, randomBytes } from 'node:crypto';
import type { Clock, Logger } from '../base/index.js';
import { keepSealingRing, type KeyPlace, openSealingRing, type Subkey } from '../identity/index.js';
import { openSpool, type SpoolWriter } from '../store/index.js';
import type { SpoolRotated } from './local-protocol.js';
import type { AgentSettings } from './settings.js';

export async function openHostSpool(
  settings: Pick<AgentSettings, 'directory' | 'spoolDirectory' | 'spool'>,
  subkeys: readonly Subkey[],
  clock: Clock,
  log: Logger,
): Promise<SpoolWriter> {
  const place: KeyPlace = { directory: settings.directory, name: 'spool.key', purpose: 'spool', subkeys };
  return openSpool({
    directory: settings.spoolDirectory,
    keys: await openSealingRing(place),
    keepKeys: (ring) => keepSealingRing(place, ring),
    clock,
    log,
    maxBytes: settings.spool.maxBytes,
    maxAgeMs: settings.spool.maxAgeMs,
  });
}

/** Tells one key from another, and nothing else of it. */
export function spoolKeyId(spool: Pick<SpoolWriter, 'keys'>): string {
  return createHash('sha256').update('spool key').update(spool.keys().current).digest('hex').slice(0, 16);
}

export async function rotateSpool(spool: SpoolWriter, log: Logger): Promise<SpoolRotated> {
  await spool.rotate(randomBytes(32));
  const older = spool.keys().older.map(({ until }) => ({ until }));
  const from = spool.stats().sequence + 1;
  log.warn({ from }, 'the spool is sealed by a new key');
  return { from, older };
}
