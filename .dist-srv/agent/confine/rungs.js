import { loopback } from './loopback.js';
import { netns } from './netns.js';
import { userns } from './userns.js';
/** Strongest first. */
export const rungs = [netns, userns, loopback];
export function rungNamed(name) {
    return rungs.find((rung) => rung.name === name) ?? loopback;
}
/** The strongest rung of this host, and why each stronger one is not it. */
export async function bestRung() {
    const passedOver = [];
    for (const rung of rungs) {
        const found = await rung.probe();
        if (found.usable)
            return { rung, passedOver };
        passedOver.push({ name: rung.name, reason: found.reason ?? 'not usable', fix: found.fix ?? null });
    }
    return { rung: loopback, passedOver };
}
