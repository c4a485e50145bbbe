/** Keeps one identity alive: renews at half life, tells its listeners, and says plainly when it has expired. */
import { type Clock, type Logger, messageOf, silent } from '../base/index.js';
import { generateKeyPair, type KeyPair, type Svid, svidFrom } from './svid.js';

/** Asks the CA for a chain (PEM, leaf first) over a fresh public key (SPKI PEM). May reject; it is asked again. */
export type RenewPort = (publicKeyPem: string) => Promise<readonly string[]>;

/** `setTimeout` as a port; the returned function cancels. */
export type Timers = (delayMs: number, run: () => void) => () => void;

export interface SvidSourceOptions {
  readonly renew: RenewPort;
  readonly clock: Clock;
  /** A renewed chain for anything else is refused. */
  readonly expectedId?: string;
  /** What was held before a restart; used at once if it still has half its life. */
  readonly initial?: Svid;
  readonly timers?: Timers;
  /** 0 to 1; spreads renewals. */
  readonly random?: () => number;
  readonly logger?: Logger;
}

export type SvidState =
  | { readonly kind: 'starting' }
  | { readonly kind: 'current'; readonly svid: Svid }
  /** Valid, but renewing has failed `failures` times in a row. */
  | { readonly kind: 'renewal-failing'; readonly svid: Svid; readonly failures: number }
  /** `svid` must not be used any more. */
  | { readonly kind: 'expired'; readonly svid: Svid; readonly failures: number };

export interface SvidSource {
  /** The valid SVID, or undefined while there is none: never an expired one. */
  current(): Svid | undefined;
  state(): SvidState;
  /** Called with every new SVID. Returns the unsubscriber. */
  onChange(listener: (svid: Svid) => void): () => void;
  /** Resolves once the first SVID is there or the first attempt has failed; goes on by itself either way. */
  start(): Promise<void>;
  /** Renews now (after enrolment, or when attributes changed). False when it failed; it is tried again. */
  renewNow(): Promise<boolean>;
  stop(): void;
}

const firstRetry = 1_000;
const longestRetry = 60_000;
/** Looked at this often at the latest, so that a step of the wall clock is noticed. */
const longestSleep = 30_000;

export function createSvidSource(options: SvidSourceOptions): SvidSource {
  const { renew, clock, expectedId } = options;
  const log = options.logger ?? silent;
  const timers = options.timers ?? systemTimers;
  const random = options.random ?? Math.random;
  const listeners = new Set<(svid: Svid) => void>();
  let held: { readonly svid: Svid; readonly since: number; readonly renewAfterMs: number } | undefined;
  let failures = 0;
  let retryAt = 0;
  let cancel = (): void => {};
  let running: Promise<boolean> | undefined;
  let stopped = false;
  if (options.initial !== undefined) hold(options.initial);

  return {
    current: () => (held !== undefined && isValid(held.svid) ? held.svid : undefined),
    state,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async start() {
      if (isDue()) await renewNow();
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

  function state(): SvidState {
    if (held === undefined) return { kind: 'starting' };
    if (!isValid(held.svid)) return { kind: 'expired', svid: held.svid, failures };
    if (failures > 0) return { kind: 'renewal-failing', svid: held.svid, failures };
    return { kind: 'current', svid: held.svid };
  }

  function isValid(svid: Svid): boolean {
    const now = clock.now();
    return now >= svid.notBefore && now <= svid.notAfter;
  }

  /**
   * INVARIANT: due by either clock. The wall clock may be set back, which must not keep an old certificate in use
   * (others' clocks go on); it may be set forward, which makes the certificate expire early.
   */
  function isDue(): boolean {
    if (held === undefined || !isValid(held.svid)) return true;
    const { svid, since, renewAfterMs } = held;
    return clock.monotonic() - since >= renewAfterMs || clock.now() >= svid.notAfter - lifeOf(svid) / 2 + spread(svid);
  }

  function lifeOf(svid: Svid): number {
    return svid.notAfter - svid.notBefore;
  }

  /** The wall clock's own bound, past the latest jittered time of the other. */
  function spread(svid: Svid): number {
    return lifeOf(svid) / 10;
  }

  function hold(svid: Svid): void {
    const left = svid.notAfter - clock.now();
    // half of what is left, earlier by up to a tenth, so that a fleet started together does not renew together
    held = { svid, since: clock.monotonic(), renewAfterMs: Math.max(0, left / 2 - (random() * left) / 10) };
  }

  function renewNow(): Promise<boolean> {
    running ??= attempt().finally(() => {
      running = undefined;
    });
    return running;
  }

  async function attempt(): Promise<boolean> {
    // a new key each time: whoever took the old one has it for half a life at most
    const keys: KeyPair = generateKeyPair();
    try {
      const chain = await renew(keys.publicKeyPem);
      if (stopped) return false;
      const svid = svidFrom(keys.privateKeyPem, chain, expectedId ?? held?.svid.id);
      if (svid.notAfter <= clock.now()) throw new Error('the renewed certificate has already expired');
      hold(svid);
      failures = 0;
      for (const listener of [...listeners]) tell(listener, svid);
      return true;
    } catch (error) {
      failures += 1;
      const pause = Math.min(longestRetry, firstRetry * 2 ** Math.min(failures - 1, 16));
      retryAt = clock.monotonic() + pause * (0.5 + random() / 2);
      log.warn({ identity: expectedId ?? held?.svid.id, failures, reason: messageOf(error) }, 'svid renewal failed');
      return false;
    }
  }

  function tell(listener: (svid: Svid) => void, svid: Svid): void {
    try {
      listener(svid);
    } catch (error) {
      log.error({ identity: svid.id, reason: messageOf(error) }, 'svid listener failed');
    }
  }

  function plan(): void {
    cancel();
    if (stopped) return;
    cancel = timers(delay(), () => {
      if (stopped) return;
      if (isDue() && (failures === 0 || clock.monotonic() >= retryAt)) void renewNow().then(plan);
      else plan();
    });
  }

  function delay(): number {
    const mono = clock.monotonic();
    if (failures > 0) return Math.min(longestSleep, Math.max(1, retryAt - mono));
    if (held === undefined) return firstRetry;
    return Math.min(longestSleep, Math.max(1, held.since + held.renewAfterMs - mono));
  }
}

const systemTimers: Timers = (delayMs, run) => {
  const timer = setTimeout(run, delayMs);
  timer.unref();
  return () => clearTimeout(timer);
};
