/**
 * The numbered versions of what agents and the control plane say to each other (`/agent/v1`). Of two versions of the product
 * that follow each other the newer also speaks the older one's; the number grows with the first change after a release.
 *
 * 1: Tricordon 0.1, which does not say it. 2: Tricordon 0.2.
 */
export const agentProtocol = {
  oldest: 1,
  newest: 2,
  /** An agent's own number with each request; with each answer the span that the control plane serves, as `1-2`. */
  header: 'tricordon-agent-protocol',
} as const;

export interface ProtocolSpan {
  readonly oldest: number;
  readonly newest: number;
}

/** Of a header's value; what is missing comes from 0.1, and what is no span of numbers is undefined. */
export function protocolSpan(value: string | undefined): ProtocolSpan | undefined {
  if (value === undefined) return { oldest: 1, newest: 1 };
  const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(value);
  if (match?.[1] === undefined) return undefined;
  const oldest = Number(match[1]);
  const newest = Number(match[2] ?? match[1]);
  return oldest < 1 || newest < oldest ? undefined : { oldest, newest };
}

/** The newest that both speak; undefined when there is none. */
export function commonProtocol(a: ProtocolSpan, b: ProtocolSpan): number | undefined {
  const newest = Math.min(a.newest, b.newest);
  return newest >= Math.max(a.oldest, b.oldest) ? newest : undefined;
}
