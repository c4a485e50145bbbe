/** The bus between our processes: at-least-once, in batches, to every group. Facts live in the tables; this only carries them. */
export function limitsOf(settings) {
    return { maxAttempts: settings.maxAttempts ?? 5, retryMs: settings.retryMs ?? 500, pollMs: settings.pollMs ?? 1_000 };
}
export function pauseAfter(attempts, retryMs) {
    return Math.min(retryMs * 2 ** Math.max(0, attempts - 1), 60_000);
}
