/** Everything `/proc` tells of one process; names of environment variables, never their values. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { cgroupOf, commandLineOf, executableOf, processFacts } from '../../base/index.js';
import type { ProcessDescription } from '../helper/protocol.js';

/** Undefined when the process is gone, or was replaced while we looked. */
export function describeProcess(pid: number, start: number): ProcessDescription | undefined {
  const facts = processFacts(pid);
  if (facts === undefined || facts.start !== start) return undefined;
  const status = text(`/proc/${pid}/status`, 16_384);
  const described: ProcessDescription = {
    pid,
    start,
    ppid: facts.ppid,
    uid: Number(/^Uid:\s+(\d+)/m.exec(status)?.[1] ?? -1),
    gid: Number(/^Gid:\s+(\d+)/m.exec(status)?.[1] ?? -1),
    comm: facts.comm,
    executable: executableOf(pid) ?? null,
    executableDigest: digest(`/proc/${pid}/exe`) ?? null,
    cwd: link(`/proc/${pid}/cwd`),
    commandLine: (commandLineOf(pid) ?? []).slice(0, 1_024).map((word) => word.slice(0, 4_096)),
    environmentNames: names(text(`/proc/${pid}/environ`, 1 << 20)),
    cgroup: cgroupOf(pid) ?? null,
    descriptors: descriptors(pid),
    maps: text(`/proc/${pid}/maps`, 1 << 20),
    status,
    sockets: `${text(`/proc/${pid}/net/tcp`, 1 << 18)}${text(`/proc/${pid}/net/tcp6`, 1 << 18)}`,
  };
  return processFacts(pid)?.start === start ? described : undefined;
}

function names(environ: string): string[] {
  return environ
    .split('\0')
    .flatMap((line) => (line.includes('=') ? [line.slice(0, Math.min(line.indexOf('='), 256))] : []))
    .slice(0, 4_096);
}

function descriptors(pid: number): ProcessDescription['descriptors'] {
  try {
    return readdirSync(`/proc/${pid}/fd`)
      .slice(0, 4_096)
      .map((fd) => ({ fd: Number(fd), target: link(`/proc/${pid}/fd/${fd}`) ?? '' }));
  } catch {
    return [];
  }
}

function link(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

function text(path: string, limit: number): string {
  try {
    const all = readFileSync(path, 'utf8');
    return all.length > limit ? all.slice(0, limit) : all;
  } catch {
    return '';
  }
}

function digest(path: string): string | undefined {
  try {
    const fd = openSync(path, 'r');
    try {
      const hash = createHash('sha256');
      const buffer = Buffer.allocUnsafe(1 << 18);
      for (let got = readSync(fd, buffer); got > 0; got = readSync(fd, buffer)) hash.update(buffer.subarray(0, got));
      return `sha256:${hash.digest('hex')}`;
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}
