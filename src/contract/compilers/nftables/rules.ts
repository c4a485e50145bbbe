/** The few kinds of rule that our table is made of, as text and back. */
import { contains, type Range, rangeOf, rangeText } from '../addresses.js';

export interface Ports {
  readonly protocol: 'tcp' | 'udp';
  /** Disjoint and in order; empty: every port. */
  readonly ranges: readonly { readonly first: number; readonly last: number }[];
}

export interface Match {
  /** Disjoint, all of one family; undefined: every address. */
  readonly ranges?: readonly Range[] | undefined;
  /** undefined: every packet. */
  readonly ports?: Ports | undefined;
}

/** `tell`: a line in the kernel's log, and the next rule is asked. */
export type Verdict = 'accept' | 'drop' | 'reject' | 'reset' | { readonly tell: string };

export interface Rule {
  readonly match: Match;
  readonly verdict: Verdict;
  /** Clause; in the file as a comment of the rule. */
  readonly clause?: string | undefined;
}

/** Whose address is looked at. */
export type Side = 'saddr' | 'daddr';

const rejected = { reject: 'reject with icmpx admin-prohibited', reset: 'reject with tcp reset' } as const;

export function ruleText({ match, verdict, clause }: Rule, side: Side): string {
  const words: string[] = [];
  const { ranges, ports } = match;
  if (ranges !== undefined) {
    const family = ranges[0]?.family === 6 ? 'ip6' : 'ip';
    words.push(`${family} ${side} { ${ranges.map(rangeText).join(', ')} }`);
  }
  if (ports !== undefined) {
    const { protocol, ranges: all } = ports;
    const list = all.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(', ');
    words.push(all.length === 0 ? `meta l4proto ${protocol}` : `${protocol} dport { ${list} }`);
  }
  if (typeof verdict === 'object') words.push(`limit rate 10/second burst 20 packets log prefix "${verdict.tell}"`);
  else words.push(verdict === 'reject' || verdict === 'reset' ? rejected[verdict] : verdict);
  if (clause !== undefined) words.push(`comment "${clause}"`);
  return words.join(' ');
}

const address = String.raw`(?:(ip6?) (saddr|daddr) \{ ([0-9a-f.:/, ]+) \} )?`;
const port = String.raw`(?:(tcp|udp) dport \{ ([0-9, -]+) \} |meta l4proto (tcp|udp) )?`;
const verdict = `(accept|drop|reject with icmpx admin-prohibited|reject with tcp reset|limit rate 10/second burst 20 packets log prefix "[ -!#-~]{1,126}")`;
const whole = new RegExp(`^${address}${port}${verdict}(?: comment "([a-z0-9._/-]{1,128})")?$`);

/** undefined: no rule of ours. */
export function ruleIn(text: string, side: Side): Rule | undefined {
  const found = whole.exec(text);
  if (found === null) return undefined;
  const [, family, at, addresses, protocol, list, every, said = '', clause] = found;
  if (at !== undefined && at !== side) return undefined;
  const ranges = addresses?.split(', ').map(rangeOf);
  const parsed = ranges?.flatMap((range) => range ?? []);
  if (parsed?.length !== ranges?.length) return undefined;
  if (parsed?.some((range) => (range.family === 6 ? 'ip6' : 'ip') !== family)) return undefined;
  const ports = portsIn(protocol ?? every, list);
  if (ports === undefined && (protocol ?? every) !== undefined) return undefined;
  return { match: { ranges: parsed, ports }, verdict: verdictIn(said), clause };
}

function verdictIn(said: string): Verdict {
  if (said === 'accept' || said === 'drop') return said;
  if (said === rejected.reject) return 'reject';
  return said === rejected.reset ? 'reset' : { tell: said.slice(said.indexOf('"') + 1, -1) };
}

function portsIn(protocol: string | undefined, list: string | undefined): Ports | undefined {
  if (protocol !== 'tcp' && protocol !== 'udp') return undefined;
  if (list === undefined) return { protocol, ranges: [] };
  const ranges = list.split(', ').map((text) => {
    const [first = '', last = first] = text.split('-');
    return { first: Number(first), last: Number(last) };
  });
  const good = ranges.every(({ first, last }) => first >= 1 && first <= last && last <= 65_535);
  return good ? { protocol, ranges } : undefined;
}

export interface Packet {
  readonly address: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
}

export function matches({ ranges, ports }: Match, packet: Packet): boolean {
  const from = rangeOf(packet.address);
  return (
    (ranges === undefined || (from !== undefined && ranges.some((range) => contains(range, from)))) &&
    (ports === undefined ||
      (ports.protocol === packet.protocol &&
        (ports.ranges.length === 0 ||
          ports.ranges.some(({ first, last }) => first <= packet.port && packet.port <= last))))
  );
}
