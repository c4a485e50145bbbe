/** Ports of clauses: single ones, ranges, all of a protocol. */

export type Protocol = 'tcp' | 'udp';

export interface PortRange {
  readonly protocol: Protocol;
  readonly first: number;
  readonly last: number;
}

/** What the schema let through; `last` may still be over 65535 or before `first` (see `checkContract`). */
export function portRange(text: string): PortRange {
  const [protocol = 'tcp', ports = ''] = text.split('/');
  const [first = '', last = first] = ports.split('-');
  const all = ports === '*';
  return { protocol: protocol as Protocol, first: all ? 1 : Number(first), last: all ? 65_535 : Number(last) };
}

export function portMatcher(specs: readonly string[]): (port: number, protocol: Protocol) => boolean {
  const single = new Set<string>();
  const ranges: PortRange[] = [];
  for (const spec of specs) {
    const range = portRange(spec);
    if (range.first === range.last) single.add(`${range.protocol}/${range.first}`);
    else ranges.push(range);
  }
  return (port, protocol) =>
    single.has(`${protocol}/${port}`) ||
    ranges.some((range) => range.protocol === protocol && range.first <= port && port <= range.last);
}
