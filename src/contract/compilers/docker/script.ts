/** `docker run` with the flags of a contract. Only characters that no shell takes for anything are ever written. */
import { type ContainerMount, type ContainerSettings, tmpfsOptions } from '../container/settings.js';
import type { TargetInput } from '../target.js';

export function scriptOf({ contract, version, digest }: TargetInput, settings: ContainerSettings): string {
  return [
    ...head(`${contract.service}${version === null ? '' : ` version ${version}`} ${digest}`, contract.service),
    ...flagsOf(settings).map((flag) => `  ${flag} \\`),
    '  "$@"',
    '',
  ].join('\n');
}

/** The first lines; `about` is the one part that differs, and says nothing to the shell. */
export function head(about: string, service: string): readonly string[] {
  return [
    '#!/bin/sh',
    `# Contract of ${about}, as flags of Docker. Made by \`tricordon contract compile\`.`,
    `# ./${service}.docker-run.sh [more options of docker run] IMAGE [COMMAND...]; an option given there can undo one of these.`,
    'set -eu',
    'here=$(cd -- "$(dirname -- "$0")" && pwd -P)',
    'exec docker run \\',
  ];
}

function flagsOf(settings: ContainerSettings): readonly string[] {
  const { user, readOnly, noNewPrivileges, capabilities, seccomp, cpus, memory, pids, mounts, noNetwork } = settings;
  return [
    user === undefined ? [] : `--user=${user}`,
    readOnly === undefined ? [] : '--read-only',
    noNewPrivileges === undefined ? [] : '--security-opt=no-new-privileges',
    capabilities === undefined ? [] : ['--cap-drop=ALL', ...capabilities.map((name) => `--cap-add=${name}`)],
    seccomp === undefined ? [] : `--security-opt=seccomp="$here"/${seccomp}`,
    cpus === undefined ? [] : `--cpus=${cpus}`,
    // The second is memory and swap together: the same number leaves no swap.
    memory === undefined ? [] : `--memory=${memory} --memory-swap=${memory}`,
    pids === undefined ? [] : `--pids-limit=${pids}`,
    mounts.map(mountFlag),
    noNetwork === undefined ? [] : '--network=none',
  ].flat(2);
}

function mountFlag({ path, access, volume }: ContainerMount): string {
  if (volume === null) return `--tmpfs=${path}:${tmpfsOptions(access)}`;
  return `--mount=type=volume,source=${volume},destination=${path}${access === 'write' ? '' : ',readonly'}`;
}
