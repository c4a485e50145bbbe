import type { Timeouts } from './http-hop.js';

export type Phase = 'head' | 'body' | 'wait' | 'spliced' | 'closing' | 'closed';

/** Which of the time limits a connection in this phase has passed; undefined while there is time. */
export function overdue(
  phase: Phase,
  quietMs: number,
  timeouts: Timeouts,
  seen: { readonly inHead: boolean; readonly answered: boolean },
): keyof Timeouts | undefined {
  switch (phase) {
    case 'head':
      if (seen.inHead) return quietMs > timeouts.head ? 'head' : undefined;
      return quietMs > timeouts.idle ? 'idle' : undefined;
    case 'body':
      return quietMs > timeouts.body ? 'body' : undefined;
    case 'wait':
      return quietMs > timeouts.answer + (seen.answered ? timeouts.body : 0) ? 'answer' : undefined;
    case 'closing':
      return quietMs > timeouts.linger ? 'linger' : undefined;
    case 'spliced':
    case 'closed':
      return undefined;
    default:
      return phase satisfies never;
  }
}
