/**
 * Files that every program on Linux opens before it does anything of its own: the loader's and the C library's. Reading
 * them is no deviation, and the kernel rules made from a contract leave them readable. Only reads, no programs, nothing
 * that belongs to one service; a `deny` still comes first. Listed in docs/guide/contracts.md.
 */
import { fileMatcher } from './compile/file-pattern.js';

export const runtimeFloor: readonly string[] = [
  '/etc/ld.so.cache',
  '/etc/ld.so.preload',
  ...['/lib', '/usr/lib', '/usr/local/lib'].flatMap((folder) => [`${folder}/*-linux-*/**`, `${folder}/*.so*`]),
  ...['/lib64', '/usr/lib64'].map((folder) => `${folder}/*.so*`),
  '/usr/lib/locale/**',
  '/usr/share/locale/**',
  '/usr/share/zoneinfo/**',
  '/etc/localtime',
  '/etc/nsswitch.conf',
  '/etc/host.conf',
  '/etc/hosts',
  '/etc/resolv.conf',
  '/etc/gai.conf',
  // Who opens a TLS library opens these, and does not start where they are there and closed.
  '/etc/ssl/openssl.cnf',
  '/etc/ssl/certs/**',
  '/usr/share/ca-certificates/**',
  '/dev/null',
  '/dev/zero',
  '/dev/full',
  '/dev/random',
  '/dev/urandom',
  '/proc/self/**',
  '/proc/thread-self/**',
  '/proc/cpuinfo',
  '/proc/meminfo',
  '/proc/stat',
  '/proc/loadavg',
  '/proc/filesystems',
  '/proc/version',
  '/proc/version_signature',
  '/proc/sys/kernel/**',
  '/proc/sys/vm/**',
  '/sys/devices/system/**',
  '/sys/fs/cgroup/**',
  '/sys/kernel/mm/transparent_hugepage/**',
];

/** Written by everyone, to no effect. */
export const runtimeFloorWrites: readonly string[] = ['/dev/null', '/dev/zero', '/dev/full'];

/** Inside of what is on the floor, and not on it themselves. */
export const runtimeFloorSecrets: readonly string[] = ['self', 'thread-self'].flatMap((process) =>
  ['environ', 'mem'].flatMap((name) => [`/proc/${process}/${name}`, `/proc/${process}/task/*/${name}`]),
);

const literal = new Set(runtimeFloor.filter((pattern) => !pattern.includes('*')));
const patterns = runtimeFloor.filter((pattern) => pattern.includes('*')).map(fileMatcher);
/** A process's own secrets are in its own reach, but reading them is worth a word: only by the contract's own clause. */
const told = runtimeFloorSecrets.map(fileMatcher);

/** True for a plain absolute path (see `plainPath`) that may be opened so without a clause. */
export function isOnFloor(path: string, access: 'read' | 'write'): boolean {
  if (access === 'write') return runtimeFloorWrites.includes(path);
  return literal.has(path) || (!told.some((matches) => matches(path)) && patterns.some((matches) => matches(path)));
}
