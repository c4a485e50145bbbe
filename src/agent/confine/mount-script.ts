import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { resolverFile, resolverPath } from './dns-over-tcp.js';
import { ConfineError } from './errors.js';
import type { Prepared } from './rung.js';

/**
 * The shell text that gives a workload its own view of the file system, run by root (of the host, or of a user
 * namespace) in a mount namespace that it owns: own `/etc/hosts` and `/etc/resolv.conf`; `/run`, `/dev/shm`, our own directories hidden; a
 * private `/tmp`; host sockets found listening elsewhere covered by `/dev/null`. What is kept below a hidden directory is
 * bound back from its old place, which stays reachable as the working directory while it is covered.
 *
 * @throws ConfineError `spec-refused` when something that must stay hidden is to be kept
 */
export function mountScript(prepared: Pick<Prepared, 'spec' | 'hostsFile' | 'hideSockets'>): string {
  const { spec, hostsFile, hideSockets } = prepared;
  const api = spec.workloadApiSocket === null ? [] : [dirname(spec.workloadApiSocket)];
  const wanted = [...new Set([...spec.keepPaths, ...(spec.cwd === '/' ? [] : [spec.cwd]), spec.nodePath])];
  const never = topmost(['/run', '/var/run', spec.runtimeDir, ...spec.hideDirs]);
  for (const path of wanted) {
    if (!never.includes(path)) continue;
    throw new ConfineError('spec-refused', `\`${path}\` is hidden from workloads`, {
      hint: 'keep code and working directory out of /run and of the data directory',
    });
  }
  const keep = [...wanted, ...programParts(spec.programDir), ...api];
  // The tools below are looked for where no folder is hidden, too; COMMAND gets its own PATH.
  const lines = ['set -eu', 'umask 022', 'own_path=$PATH', 'PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin'];
  if (hostsFile !== null) lines.push(`mount --bind ${quote(hostsFile)} /etc/hosts`, ...ownResolver(hostsFile, never));
  for (const socket of hideSockets) {
    if (beneath(socket, [...never, '/tmp', '/dev/shm'])) continue;
    lines.push(`if [ -S ${quote(socket)} ]; then mount --bind /dev/null ${quote(socket)}; fi`);
  }
  for (const folder of never) lines.push(...hide(folder, keep, 'mode=0755,size=1m', true));
  for (const folder of ['/tmp', '/dev/shm']) {
    if (wanted.includes(folder) || beneath(folder, never)) continue;
    lines.push(...hide(folder, keep, 'mode=1777', false));
  }
  lines.push('PATH=$own_path');
  return `${lines.join('\n')}\n`;
}

/** Where `/etc/resolv.conf` is a link into a folder that will be hidden, `hide` puts another one at its end. */
function ownResolver(hostsFile: string, hidden: readonly string[]): string[] {
  const file = quote(resolverPath(hostsFile));
  const ends = hidden.map((folder) => `${quote(folder)}/*`).join('|');
  return [
    'own_resolver=$(readlink -f /etc/resolv.conf) || own_resolver=/etc/resolv.conf',
    `case $own_resolver in ${ends}) ;; *)`,
    // Not there: prepared by a version that had none.
    `  if [ -f ${file} ] && [ -f "$own_resolver" ]; then mount --bind ${file} "$own_resolver"; fi ;;`,
    'esac',
  ];
}

/**
 * What our launcher is loaded from. Installed as a package, its dependencies lie beside it in the folder above; and any of
 * these may be a link, whose target must be in sight before it is followed.
 */
function programParts(programDir: string): string[] {
  const own = ['dist', 'node_modules', 'package.json'].map((name) => `${programDir}/${name}`);
  const above = /^.*\/node_modules(?=\/)/.exec(programDir)?.[0];
  const parts = above === undefined ? own : [...own, above];
  return [...parts.map(target), ...parts];
}

function target(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // not there: nothing to keep
  }
}

/** Single quotes hold everything but themselves (POSIX sh 2.2.2). */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function hide(folder: string, keep: readonly string[], options: string, readOnly: boolean): string[] {
  const at = quote(folder);
  const lines = [
    `if [ -d ${at} ] && [ ! -L ${at} ]; then`,
    `  cd ${at}`,
    `  mount -t tmpfs -o nosuid,nodev,${options} tricordon ${at}`,
  ];
  for (const path of topmost(keep.filter((kept) => beneath(kept, [folder]) && kept !== folder))) {
    const old = quote(`.${path.slice(folder.length)}`);
    const parent = quote(path.slice(0, path.lastIndexOf('/')));
    lines.push(
      `  if [ -d ${old} ]; then mkdir -p ${quote(path)}; mount -c --rbind ${old} ${quote(path)};`,
      `  elif [ -e ${old} ]; then mkdir -p ${parent}; : > ${quote(path)}; mount -c --bind ${old} ${quote(path)}; fi`,
    );
  }
  if (readOnly) {
    const text = resolverFile.split('\n').slice(0, -1).map(quote).join(' ');
    lines.push(
      `  case \${own_resolver-} in ${at}/*) mkdir -p "\${own_resolver%/*}"; printf '%s\\n' ${text} > "$own_resolver" ;; esac`,
      `  mount -o remount,bind,ro,nosuid,nodev ${at}`,
    );
  }
  return [...lines, '  cd /', 'fi'];
}

/** Leaves out whatever lies below another one of the list. */
function topmost(paths: readonly string[]): string[] {
  const unique = [...new Set(paths)];
  return unique.filter((path) => !unique.some((other) => other !== path && beneath(path, [other])));
}

function beneath(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
}
