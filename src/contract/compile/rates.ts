/** What a clause's `rate` asks; counting is the data plane's part. */
import type { ContractVersion, Decision, Rate } from '../../model/index.js';
import { answersFor } from './answers.js';
import { type Claims, claimOf } from './user.js';

export interface ClauseRate {
  /** Requests that may come at once, and that come anew in `periodMs`. */
  readonly requests: number;
  readonly periodMs: number;
  /** The answer to a request beyond it, by the mode of the clause and its layer. */
  readonly beyond: Decision;
  /** Whom it is counted for: one text for one of them. A claim that is missing is a value of its own. */
  readonly keyOf: (by: { readonly caller: string | null; readonly claims: Claims | null }) => string;
}

/** By id of the clause; empty when no operation has one. */
export function ratesOf(version: ContractVersion): ReadonlyMap<string, ClauseRate> {
  const answers = answersFor(version, 'api');
  const rates = new Map<string, ClauseRate>();
  for (const { id, path, rate, mode } of version.contract.api?.serves ?? []) {
    if (rate === undefined) continue;
    const { requests, key = [] } = rate;
    const periodMs = periodOf(rate);
    const failed = [{ predicate: 'rate', wanted: rateText(rate), got: 'more' }];
    const effect = mode === undefined && answers.mode === 'enforce' ? 'deny' : 'would-deny';
    const retryAfter = Math.max(1, Math.ceil(periodMs / requests / 1_000));
    rates.set(id, {
      requests,
      periodMs,
      beyond: Object.freeze({
        ...answers.allow(id, path),
        effect,
        reason: answers.mode === 'learn' ? 'learning' : 'rate',
        nearest: { clause: id, failed },
        ...(effect === 'deny' ? { retryAfter } : {}),
      }),
      keyOf: ({ caller, claims }) =>
        key
          .map((part) =>
            part === 'caller'
              ? (caller ?? '')
              : JSON.stringify(claimOf(claims ?? {}, part.slice('user.'.length)) ?? null),
          )
          .join('\n'),
    });
  }
  return rates;
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

function periodOf({ per }: Rate): number {
  const [, count = '', unit = ''] = /^([0-9]+)([a-z]+)$/.exec(per) ?? [];
  return Number(count) * (units[unit] ?? Number.NaN);
}

/** `200 in 1s for each caller and user.tenant`. */
function rateText({ requests, per, key }: Rate): string {
  return `${requests} in ${per}${key === undefined ? '' : ` for each ${key.join(' and ')}`}`;
}
