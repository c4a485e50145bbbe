/** Every door that a real house opens is one of the registry, and every door of the registry is found. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { agentListeners } from '../../../src/agent/listeners.js';
import { commandLineOf } from '../../../src/base/index.js';
import { identityListeners } from '../../../src/identity/listeners.js';
import { serverListeners } from '../../../src/server/listeners.js';
import { storeListeners } from '../../../src/store/listeners.js';
import { trafficListeners } from '../../../src/traffic/listeners.js';
import { requires } from '../../requires.js';
import { python } from './programs.js';
import { talker } from '../hosts/talker.js';
import { asRoot, type House, house, leftOf, remove, roomy, type Running } from './support.js';

const it = await requires('root', 'nftables', 'iproute2', 'postgresql', 'python');
const ready = process.getuid?.() === 0 && it !== it.skip;

const doors = [...serverListeners, ...agentListeners, ...identityListeners, ...trafficListeners, ...storeListeners];

interface Found {
  readonly process: string;
  /** Path of a Unix socket, or address and port. */
  readonly at: string;
}

describe('the doors of a house', () => {
  let directory = '';
  let home: House;
  const started: Running[] = [];
  beforeAll(async () => {
    if (!ready) return;
    directory = roomy();
    home = house(asRoot(), directory, { agent: { metrics: { listen: '127.0.0.1:0' } } });
    started.push(await home.up('www-data'));
    const args = ['--service', 'shop', '--port', '8000', '--user', 'www-data', '--publish', '127.0.0.1:0'];
    const running = home.run(args, [python, 'talker.py', 'shop'], talker(directory));
    started.push(running);
    await running.until((_, err) => (err.includes('published on') ? true : undefined));
  });
  afterAll(async () => {
    if (!ready) return;
    await home.purge();
    for (const one of started) await one.done;
    expect(await leftOf(directory, home.instance())).toEqual([]);
    remove(directory);
  });

  it('are all known: no other one is open on any process of ours', () => {
    const tables = listening();
    const found = ours(directory).flatMap(({ pid, process }) =>
      listeningOf(pid, tables).map((at) => ({ process, at })),
    );
    expect(found.length).toBeGreaterThan(6);
    const unknown = found.filter((one) => !doors.some((door) => isDoor(door, one)));
    expect(unknown).toEqual([]);
    const closed = doors.filter((door) => !found.some((one) => isDoor(door, one))).map(({ name }) => name);
    expect(closed).toEqual([]);
  });

  it('are on loopback, as long as the settings do not say otherwise', () => {
    const tables = listening(link('/proc/self/ns/net'));
    const open = ours(directory).flatMap(({ pid }) => listeningOf(pid, tables));
    expect(open.filter((at) => !at.startsWith('/') && !at.startsWith('127.'))).toEqual([]);
  });
});

function isDoor({ process, socket }: (typeof doors)[number], found: Found): boolean {
  // Sidecars and the gateway are one program.
  const same = process === found.process || (process === 'sidecar' && found.process === 'gateway');
  if (!same) return false;
  if ('path' in socket) return socket.path.test(found.at);
  return !found.at.startsWith('/') && socket.tcp.test(found.at.slice(0, found.at.lastIndexOf(':')));
}

/** Processes that were started for this house, not those of the service. */
function ours(folder: string): { pid: number; process: string }[] {
  return entries('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const words = (commandLineOf(Number(name)) ?? []).join(' ');
      if (!words.includes(folder)) return [];
      const kinds: readonly [RegExp, string][] = [
        [/dist\/server\/main\.js/, 'control plane'],
        [/dist\/agent\/main\.js/, 'agent'],
        [/dist\/traffic\/main\.js .*gateway\.sock/, 'gateway'],
        [/dist\/traffic\/main\.js/, 'sidecar'],
        [/postgres -D/, 'PostgreSQL'],
        [/tricordon\.mjs up|dist\/agent\/helper|dist\/agent\/confine/, 'other of ours'],
      ];
      const process = kinds.find(([pattern]) => pattern.test(words))?.[1];
      return process === undefined ? [] : [{ pid: Number(name), process }];
    });
}

/** What each listens on, by the inodes of its descriptors: a listener may be of another network namespace than its process. */
function listeningOf(pid: number, tables: ReadonlyMap<string, string>): string[] {
  return entries(`/proc/${pid}/fd`).flatMap((fd) => {
    const inode = /^socket:\[(\d+)\]$/.exec(link(`/proc/${pid}/fd/${fd}`))?.[1] ?? '';
    return tables.get(inode) ?? [];
  });
}

/** Everything that listens in any network namespace, or in one only, by inode (proc_net(5)). */
function listening(only?: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const seen = new Set<string>();
  for (const pid of entries('/proc').filter((name) => /^\d+$/.test(name))) {
    const namespace = link(`/proc/${pid}/ns/net`);
    if (seen.has(namespace) || (only !== undefined && namespace !== only)) continue;
    seen.add(namespace);
    for (const [, local = '', , state, , , , , , inode = ''] of rows(pid, 'tcp')) {
      if (state !== '0A') continue;
      const [address = '', port = ''] = local.split(':');
      const bytes = address.match(/../g)?.map((byte) => Number.parseInt(byte, 16)) ?? [];
      found.set(inode, `${bytes.reverse().join('.')}:${Number.parseInt(port, 16)}`);
    }
    for (const [, local = '', , state, , , , , , inode = ''] of rows(pid, 'tcp6'))
      if (state === '0A') found.set(inode, `[${local}]:0`);
    // Flag 0x10000: it takes connections.
    for (const [, , , flags, , , inode = '', path = ''] of rows(pid, 'unix'))
      if (flags === '00010000') found.set(inode, path);
  }
  return found;
}

function rows(pid: string, name: string): string[][] {
  try {
    const [, ...lines] = readFileSync(`/proc/${pid}/net/${name}`, 'utf8').trim().split('\n');
    return lines.map((row) => row.trim().split(/\s+/));
  } catch {
    return []; // ended meanwhile
  }
}

function entries(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return []; // ended meanwhile
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // closed meanwhile
  }
}
