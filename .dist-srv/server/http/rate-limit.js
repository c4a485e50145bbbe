export function rateLimit(options) {
    const buckets = new Map();
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
                if (!oldest.done)
                    buckets.delete(oldest.value);
            }
            if (bucket.tokens < 1)
                return false;
            bucket.tokens -= 1;
            return true;
        },
    };
}
