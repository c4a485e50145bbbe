/** Reads `/proc/PID/net/tcp` and `tcp6` (proc_net_tcp(5)). */
import type { Endpoint } from '../model/index.js';

export interface SocketRow {
  readonly local: Endpoint;
  readonly peer: Endpoint;
  /** `listen`, `established`, `connecting` or `other`. */
  readonly state: 'listen' | 'established' | 'connecting' | 'other';
  readonly inode: string;
}

const states: Readonly<Record<string, SocketRow['state']>> = {
  '01': 'established',
  '02': 'connecting',
  '0A': 'listen',
};

export function parseSocketTable(text: string): readonly SocketRow[] {
  const rows: SocketRow[] = [];
  for (const line of text.split('\n').slice(1)) {
    const cells = line.trim().split(/\s+/);
    const local = endpoint(cells[1]);
    const peer = endpoint(cells[2]);
    const inode = cells[9];
    if (local === undefined || peer === undefined || inode === undefined) continue;
    rows.push({ local, peer, state: states[cells[3] ?? ''] ?? 'other', inode });
  }
  return rows;
}

/** Addresses stand as 32-bit words in the byte order of the machine; all we run on are little-endian. */
function endpoint(cell: string | undefined): Endpoint | undefined {
  const parts = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(cell ?? '');
  if (parts === null) return undefined;
  const bytes = (parts[1] ?? '').match(/.{8}/g)?.flatMap((word) => [...Buffer.from(word, 'hex')].reverse()) ?? [];
  const port = Number.parseInt(parts[2] ?? '', 16);
  return { address: addressText(bytes), port };
}

/** Four or sixteen bytes as the network has them; an IPv4 address within IPv6 is shown as what it is. */
export function addressText(bytes: Iterable<number>): string {
  const all = [...bytes];
  if (all.length === 4) return all.join('.');
  const mapped = all.slice(0, 12).every((byte, index) => byte === (index < 10 ? 0 : 0xff));
  return mapped ? all.slice(12).join('.') : compressed(all);
}

/** RFC 5952: the longest run of zero groups becomes `::`. */
function compressed(bytes: readonly number[]): string {
  const groups = Array.from({ length: 8 }, (_, n) =>
    (((bytes[n * 2] ?? 0) << 8) | (bytes[n * 2 + 1] ?? 0)).toString(16),
  );
  let best = { from: -1, size: 1 };
  for (let from = 0; from < 8; from += 1) {
    let size = 0;
    while (from + size < 8 && groups[from + size] === '0') size += 1;
    if (size > best.size) best = { from, size };
  }
  if (best.from < 0) return groups.join(':');
  return `${groups.slice(0, best.from).join(':')}::${groups.slice(best.from + best.size).join(':')}`;
}
