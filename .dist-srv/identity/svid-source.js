/** Keeps one identity alive: renews at half life, tells its listeners, and says plainly when it has expired. */
import { messageOf, silent } from '../base/index.js';
import { generateKeyPair, svidFrom } from './svid.js';
const firstRetry = 1_000;
const longestRetry = 60_000;
/** Looked at this often at the latest, so that a step of the wall clock is noticed. */
const longestSleep = 30_000;
export function createSvidSource(options) {
    const { renew, clock, expectedId } = options;
    const log = options.logger ?? silent;
    const timers = options.timers ?? systemTimers;
    const random = options.random ?? Math.random;
    const listeners = new Set();
    let held;
    let failures = 0;
    let retryAt = 0;
    let cancel = () => { };
    let running;
    let stopped = false;
    if (options.initial !== undefined)
        hold(options.initial);
    return {
        current: () => (held !== undefined && isValid(held.svid) ? held.svid : undefined),
        state,
        onChange(listener) {
            listeners.add(listener);
            return () => listeners.delete(listener);
        },
        async start() {
            if (isDue())
                await renewNow();
            plan();
        },
        async renewNow() {
            const done = await renewNow();
            plan();
            return done;
        },
        stop() {
            stopped = true;
            cancel();
            listeners.clear();
        },
    };
    function state() {
        if (held === undefined)
            return { kind: 'starting' };
        if (!isValid(held.svid))
            return { kind: 'expired', svid: held.svid, failures };
        if (failures > 0)
            return { kind: 'renewal-failing', svid: held.svid, failures };
        return { kind: 'current', svid: held.svid };
    }
    function isValid(svid) {
        const now = clock.now();
        return now >= svid.notBefore && now <= svid.notAfter;
    }
    /**
     * INVARIANT: due by either clock. The wall clock may be set back, which must not keep an old certificate in use
     * (others' clocks go on); it may be set forward, which makes the certificate expire early.
     */
    function isDue() {
        if (held === undefined || !isValid(held.svid))
            return true;
        const { svid, since, renewAfterMs } = held;
        return clock.monotonic() - since >= renewAfterMs || clock.now() >= svid.notAfter - lifeOf(svid) / 2 + spread(svid);
    }
    function lifeOf(svid) {
        return svid.notAfter - svid.notBefore;
    }
    /** The wall clock's own bound, past the latest jittered time of the other. */
    function spread(svid) {
        return lifeOf(svid) / 10;
    }
    function hold(svid) {
        const left = svid.notAfter - clock.now();
        // half of what is left, earlier by up to a tenth, so that a fleet started together does not renew together
        held = { svid, since: clock.monotonic(), renewAfterMs: Math.max(0, left / 2 - (random() * left) / 10) };
    }
    function renewNow() {
        running ??= attempt().finally(() => {
            running = undefined;
        });
        return running;
    }
    async function attempt() {
        // a new key each time: whoever took the old one has it for half a life at most
        const keys = generateKeyPair();
        try {
            const chain = await renew(keys.publicKeyPem);
            if (stopped)
                return false;
            const svid = svidFrom(keys.privateKeyPem, chain, expectedId ?? held?.svid.id);
            if (svid.notAfter <= clock.now())
                throw new Error('the renewed certificate has already expired');
            hold(svid);
            failures = 0;
            for (const listener of [...listeners])
                tell(listener, svid);
            return true;
        }
        catch (error) {
            failures += 1;
            const pause = Math.min(longestRetry, firstRetry * 2 ** Math.min(failures - 1, 16));
            retryAt = clock.monotonic() + pause * (0.5 + random() / 2);
            log.warn({ identity: expectedId ?? held?.svid.id, failures, reason: messageOf(error) }, 'svid renewal failed');
            return false;
        }
    }
    function tell(listener, svid) {
        try {
            listener(svid);
        }
        catch (error) {
            log.error({ identity: svid.id, reason: messageOf(error) }, 'svid listener failed');
        }
    }
    function plan() {
        cancel();
        if (stopped)
            return;
        cancel = timers(delay(), () => {
            if (stopped)
                return;
            if (isDue() && (failures === 0 || clock.monotonic() >= retryAt))
                void renewNow().then(plan);
            else
                plan();
        });
    }
    function delay() {
        const mono = clock.monotonic();
        if (failures > 0)
            return Math.min(longestSleep, Math.max(1, retryAt - mono));
        if (held === undefined)
            return firstRetry;
        return Math.min(longestSleep, Math.max(1, held.since + held.renewAfterMs - mono));
    }
}
const systemTimers = (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
};
