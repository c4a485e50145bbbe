/**
 * Guesses at passwords become slow, and their target stays reachable. Counted are wrong answers of a source for an account,
 * of a source for all accounts, and for an account of all sources that never signed in there. A source that did has a
 * budget of its own: whoever hammers an account from elsewhere does not keep its owner out.
 */
import type { Clock } from '../../base/index.js';

export interface Attempt {
  readonly account: string;
  readonly source: string;
  /** This source signed in to this account not long ago. */
  readonly known: boolean;
}

export interface Throttle {
  /** Counts an attempt, before its outcome is known; or, when it comes too early, says how many milliseconds to wait. */
  take(attempt: Attempt): number;
  /** It was the right one after all. */
  succeeded(attempt: Attempt): void;
}

interface Budget {
  readonly free: number;
  readonly longestMs: number;
}

const ofPair: Budget = { free: 5, longestMs: 15 * 60_000 };
const ofSource: Budget = { free: 30, longestMs: 60_000 };
const ofAccount: Budget = { free: 30, longestMs: 60_000 };
/** After so long a silence it begins anew. */
const forgetMs = 3_600_000;

export function createThrottle(clock: Clock, maxKeys = 20_000): Throttle {
  const tries = new Map<string, { count: number; at: number }>();
  const keysOf = ({ account, source, known }: Attempt): [string, Budget][] => [
    [`pair ${source} ${account}`, ofPair],
    [`source ${source}`, ofSource],
    ...(known ? [] : [[`account ${account}`, ofAccount] satisfies [string, Budget]]),
  ];
  const countOf = (key: string): { count: number; at: number } => {
    const found = tries.get(key);
    return found === undefined || clock.monotonic() - found.at > forgetMs ? { count: 0, at: 0 } : found;
  };
  return {
    take: (attempt) => {
      const now = clock.monotonic();
      const keys = keysOf(attempt);
      const wait = Math.max(
        ...keys.map(([key, budget]) => {
          const { count, at } = countOf(key);
          return count < budget.free ? 0 : at + Math.min(budget.longestMs, 1_000 * 2 ** (count - budget.free)) - now;
        }),
      );
      if (wait > 0) return Math.ceil(wait);
      for (const [key] of keys) {
        const { count } = countOf(key);
        // Re-inserting keeps the map in order of last use, so that the one dropped is the longest idle.
        tries.delete(key);
        tries.set(key, { count: count + 1, at: now });
        const oldest = tries.size > maxKeys ? tries.keys().next() : undefined;
        if (oldest !== undefined && !oldest.done) tries.delete(oldest.value);
      }
      return 0;
    },
    succeeded: (attempt) => {
      const [[pair], ...others] = keysOf(attempt) as [[string, Budget], ...[string, Budget][]]; // the pair comes first
      tries.delete(pair);
      // Only this attempt is taken back: an own account must not wash a source clean.
      for (const [key] of others) {
        const found = tries.get(key);
        if (found !== undefined) found.count = Math.max(0, found.count - 1);
      }
    },
  };
}

/** Where a request comes from: of IPv6 the network, since one host has as many addresses there as it likes. */
export function sourceOf(ip: string): string {
  const v4 = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (v4 !== undefined) return v4;
  const [head = '', tail] = ip.toLowerCase().split('%')[0]?.split('::') ?? [];
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...left, ...Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0'), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
