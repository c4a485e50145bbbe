/** W3C Trace Context level 1: continue a valid `traceparent`, otherwise start a trace. */
import { randomFillSync } from 'node:crypto';

export interface TraceParent {
  /** 32 lower-case hex digits, not all zero. */
  readonly trace: string;
  readonly flags: string;
}

const shape = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Sections 3.2.2 and 4.3: version `ff`, zero ids, and extra fields in version 00 are invalid. */
export function parseTraceparent(value: string): TraceParent | undefined {
  const match = shape.exec(value);
  if (match === null) return undefined;
  const [, version, trace = '', parent = '', flags = '', rest] = match;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(trace) || /^0+$/.test(parent)) return undefined;
  return { trace, flags };
}

const source = Buffer.allocUnsafe(4_096);
let pool = '';
let used = 0;

/** Random lower-case hex digits from the kernel's generator, drawn in blocks. At most 64 at a time. */
export function randomHex(digits: number): string {
  if (used + digits > pool.length) {
    randomFillSync(source);
    pool = source.toString('hex');
    used = 0;
  }
  const taken = pool.slice(used, used + digits);
  used += digits;
  return taken;
}
