/** Address ranges as numbers: one without another, as the fewest ranges. */
import { isIP } from 'node:net';

export interface Range {
  readonly family: 4 | 6;
  readonly network: bigint;
  readonly bits: number;
}

const widthOf = (family: 4 | 6) => (family === 4 ? 32 : 128);

/** An address or a range; undefined for what is neither. */
export function rangeOf(text: string): Range | undefined {
  const [address = '', bitsText, ...more] = text.split('/');
  const family = isIP(address);
  if ((family !== 4 && family !== 6) || more.length > 0) return undefined;
  const width = widthOf(family);
  const bits = bitsText === undefined ? width : Number(bitsText);
  if (!Number.isInteger(bits) || bits < 0 || bits > width) return undefined;
  const shift = BigInt(width - bits);
  return { family, network: (numberOf(address, family) >> shift) << shift, bits };
}

export function contains(outer: Range, inner: Range): boolean {
  if (outer.family !== inner.family || outer.bits > inner.bits) return false;
  const shift = BigInt(widthOf(outer.family) - outer.bits);
  return outer.network >> shift === inner.network >> shift;
}

/** Halves the range until a half is wholly in or wholly out: at most one range for every bit. */
export function without(range: Range, taken: readonly Range[]): readonly Range[] {
  if (taken.some((one) => contains(one, range))) return [];
  const inside = taken.filter((one) => contains(range, one));
  if (inside.length === 0) return [range];
  const bits = range.bits + 1;
  const half = 1n << BigInt(widthOf(range.family) - bits);
  return [
    ...without({ ...range, bits }, inside),
    ...without({ ...range, network: range.network + half, bits }, inside),
  ];
}

export function rangeText({ family, network, bits }: Range): string {
  if (family === 4) return `${[24n, 16n, 8n, 0n].map((shift) => String((network >> shift) & 255n)).join('.')}/${bits}`;
  const words = Array.from({ length: 8 }, (_, index) => ((network >> BigInt(112 - index * 16)) & 0xffffn).toString(16));
  return `${words.join(':')}/${bits}`;
}

function numberOf(address: string, family: 4 | 6): bigint {
  if (family === 4) return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const lastFour = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  const plain =
    lastFour === null
      ? address
      : `${lastFour[1]}${(numberOf(lastFour[2] ?? '', 4) >> 16n).toString(16)}:${(numberOf(lastFour[2] ?? '', 4) & 0xffffn).toString(16)}`;
  const [left = '', right] = plain.split('::');
  const words = (text: string) => (text === '' ? [] : text.split(':'));
  const [before, after] = [words(left), words(right ?? '')];
  const zeros = right === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].reduce((sum, word) => sum * 65_536n + BigInt(`0x${word}`), 0n);
}
