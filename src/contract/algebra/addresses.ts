/** Where address ranges begin and end. */
import { isIPv6 } from 'node:net';

/** The first address of each range, the one after its last, and the first of each family: one of every stretch between. */
export function* addressBounds(ranges: readonly string[]): Generator<string> {
  const seen = new Set<string>();
  for (const address of ['0.0.0.0', '::', ...ranges.flatMap(edgesOf)]) {
    if (seen.has(address)) continue;
    seen.add(address);
    yield address;
  }
}

function edgesOf(range: string): readonly string[] {
  const [network = '', bits = ''] = range.split('/');
  const width = isIPv6(network) ? 128 : 32;
  const number = width === 32 ? numberOf4(network) : numberOf6(network);
  const size = 1n << BigInt(width - Number(bits));
  const first = (number / size) * size;
  const text = width === 32 ? text4 : text6;
  const after = first + size;
  return after >> BigInt(width) === 0n ? [text(first), text(after)] : [text(first)];
}

function numberOf4(address: string): bigint {
  return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
}

/** RFC 4291, section 2.2: `::` once for groups of zero, the last two groups also as an IPv4 address. */
function numberOf6(address: string): bigint {
  const [left = '', right] = address.split('::');
  const head = groupsOf(left);
  const tail = groupsOf(right ?? '');
  const zeros = right === undefined ? 0 : 8 - head.length - tail.length;
  return [...head, ...Array<bigint>(Math.max(0, zeros)).fill(0n), ...tail].reduce(
    (sum, group) => sum * 65_536n + group,
    0n,
  );
}

function groupsOf(text: string): readonly bigint[] {
  return text.split(':').flatMap((part) => {
    if (part === '') return [];
    if (!part.includes('.')) return [BigInt(`0x${part}`)];
    const number = numberOf4(part);
    return [number >> 16n, number & 0xffffn];
  });
}

function text4(number: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((number >> shift) & 255n)).join('.');
}

function text6(number: bigint): string {
  return [7n, 6n, 5n, 4n, 3n, 2n, 1n, 0n].map((index) => ((number >> (index * 16n)) & 0xffffn).toString(16)).join(':');
}
