export function emptyCounts() {
    return { requests: 0, refused: 0, wouldRefuse: 0, flows: 0, upstreamErrors: 0, handshakesRefused: 0 };
}
export const defaultTimeouts = {
    head: 10_000,
    idle: 60_000,
    body: 60_000,
    answer: 300_000,
    linger: 2_000,
};
