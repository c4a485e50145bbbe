/** Name look-ups of captured workloads: all of them over TCP, which is captured like any other connection. */

/** Of 198.18.0.0/15, where nothing else stands: whatever goes to port 53 ends at the sidecar's resolver. */
export const resolverAddress = '198.18.255.53';

/** A workload's own `/etc/resolv.conf`; `use-vc` spares the C library the way over UDP. */
export const resolverFile = `nameserver ${resolverAddress}\noptions use-vc timeout:5 attempts:2\n`;

/** Beside the workload's own `/etc/hosts`. */
export function resolverPath(hostsFile: string): string {
  return `${hostsFile}.resolv`;
}

const headerLength = 12;
/** Longer ones are no queries; what comes back is never longer than what came. */
const longestQuery = 512;

/**
 * "Truncated: ask again over TCP" (RFC 1035, section 4.1.1; RFC 7766, section 5), to a query; undefined for anything else.
 */
export function truncatedAnswer(query: Buffer): Buffer | undefined {
  if (query.length < headerLength || query.length > longestQuery) return undefined;
  const flags = query.readUInt16BE(2);
  if ((flags & 0x8000) !== 0) return undefined;
  const answer = Buffer.from(query);
  // Response, truncated, recursion available; opcode and "recursion desired" as they came.
  answer.writeUInt16BE(0x8280 | (flags & 0x7900), 2);
  const end = questionEnd(query);
  if (end === undefined) return undefined;
  answer.writeUInt32BE(0, 6);
  answer.writeUInt16BE(0, 10);
  return answer.subarray(0, end);
}

/** Where the one question ends. */
function questionEnd(query: Buffer): number | undefined {
  if (query.readUInt16BE(4) !== 1) return undefined;
  let at = headerLength;
  for (let length = query[at]; length !== 0; length = query[at]) {
    if (length === undefined || length > 63) return undefined;
    at += 1 + length;
  }
  const end = at + 5;
  return end > query.length ? undefined : end;
}
