/** A token bucket per key, bounded in memory: guesses at secrets are slowed before they are looked at. */
import type { Clock } from '../../base/index.js';

export interface RateLimit {
  /** Takes one token; false when there is none. */
  take(key: string): boolean;
}

export function rateLimit(options: { clock: Clock; burst: number; perMinute: number; maxKeys?: number }): RateLimit {
  const buckets = new Map<string, { tokens: number; at: number }>();
  const maxKeys = options.maxKeys ?? 10_000;
  return {
    take(key) {
      const now = options.clock.monotonic();
      const bucket = buckets.get(key) ?? { tokens: options.burst, at: now };
      bucket.tokens = Math.min(options.burst, bucket.tokens + ((now - bucket.at) / 60_000) * options.perMinute);
      bucket.at = now;
      // Re-inserting keeps the map in order of last use, so that the one dropped is the longest idle.
      buckets.delete(key);
      buckets.set(key, bucket);
      if (buckets.size > maxKeys) {
        const oldest = buckets.keys().next();
        if (!oldest.done) buckets.delete(oldest.value);
      }
      if (bucket.tokens < 1) return false;
      bucket.tokens -= 1;
      return true;
    },
  };
}
