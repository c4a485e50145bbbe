/** When a clause ends. Time comes with the request: without it, what ends has ended. */

/** Milliseconds since the epoch; a day alone is its beginning in UTC. NaN for a day that the calendar does not have. */
export function momentOf(text: string): number {
  return Date.parse(text.length === 10 ? `${text}T00:00:00Z` : text);
}

export function isOver(until: number | undefined, at: number | undefined): boolean {
  return until !== undefined && (at === undefined || !(at < until));
}
