/** The revision of what agents run on: counted in the database, waited for in memory. */
export function revisionBoard(start) {
    let current = start;
    const waiting = new Set();
    return {
        current: () => current,
        announce(revision) {
            if (revision <= current)
                return;
            current = revision;
            for (const wake of [...waiting])
                wake();
        },
        newer: (than, timeoutMs, signal) => new Promise((resolve) => {
            // An agent that knows a revision of ours from a database that is no more is told at once.
            if (current !== than || signal.aborted)
                return resolve(current);
            const wake = () => {
                clearTimeout(timer);
                waiting.delete(wake);
                signal.removeEventListener('abort', wake);
                resolve(current);
            };
            const timer = setTimeout(wake, timeoutMs);
            signal.addEventListener('abort', wake);
            waiting.add(wake);
        }),
        close() {
            for (const wake of [...waiting])
                wake();
        },
    };
}
