import { ConfineError } from './errors.js';
import { mountScript } from './mount-script.js';
import type { Launch, Prepared } from './rung.js';
import { program } from './tools.js';

/** What the caller knows by itself and the agent's answer must agree with: `run` is root and believes nobody. */
export interface LaunchOwner {
  readonly uid: number;
  readonly gid: number;
  readonly cwd: string;
  readonly nodePath: string;
  readonly programDir: string;
  /** A tracer's command line (strace) to put in front, inside the confinement but outside the filter. */
  readonly tracer?: readonly string[];
  /** The launcher is handed a contract version over its descriptor 3, to lay the runtime part on the command. */
  readonly contract?: boolean;
}

const joinCgroup = 'echo 0 > "$0" && exec "$@"';

/**
 * The command line in front of COMMAND. Every step replaces itself by the next (exec), so the process that is started
 * *is* COMMAND in the end: its pid, its exit status, its signals and terminal are COMMAND's own.
 *
 * Steps as root: join the cgroup, enter the network namespace, leave the host's mounts, become the user without groups,
 * capabilities or the means to gain any, enter an own user namespace, load the system call filter.
 */
export function launchOf(prepared: Prepared, owner: LaunchOwner): Launch {
  const { spec, place } = prepared;
  agree(prepared, owner);
  if (prepared.rung === 'docker')
    throw new ConfineError('spec-refused', 'a container is started by its Engine, not by a command line');
  const user = [
    program('setpriv'),
    `--reuid=${spec.uid}`,
    `--regid=${spec.gid}`,
    '--clear-groups',
    '--bounding-set=-all',
    '--inh-caps=-all',
    '--ambient-caps=-all',
    '--no-new-privs',
    '--',
  ];
  const last = [...(owner.tracer ?? []), ...filter(prepared, owner.contract === true)];
  switch (place.kind) {
    case 'netns':
      return words([
        ...join(prepared),
        ...[program('nsenter'), `--net=/run/netns/${place.name}`, '--'],
        ...[program('unshare'), '--mount', '--propagation', 'private', '--'],
        ...['/bin/sh', '-c', `${mountScript(prepared)}cd "$0" && exec "$@"`, spec.cwd],
        ...user,
        ...(prepared.ownUserNamespace ? ownUserNamespace(prepared) : []),
        ...last,
      ]);
    case 'userns':
      return words([
        ...[program('nsenter'), `--target=${place.pid}`, '--user', '--preserve-credentials', '--net', '--mount', '--'],
        // Entered by name from inside: a working directory carried over would lead back (`..`) to the hidden mounts.
        ...['/bin/sh', '-c', 'cd "$0" && exec "$@"', spec.cwd],
        ...ownUserNamespace(prepared),
        ...last,
      ]);
    case 'host':
      return words([
        ...join(prepared),
        ...['/bin/sh', '-c', 'cd "$0" && exec "$@"', spec.cwd],
        ...plain(prepared, user),
        ...(prepared.ownUserNamespace ? ownUserNamespace(prepared) : []),
        ...last,
      ]);
  }
}

function join({ cgroupPath }: Prepared): string[] {
  return cgroupPath === null ? [] : ['/bin/sh', '-c', joinCgroup, `${cgroupPath}/cgroup.procs`];
}

/** Maps the user onto itself and nothing else: file owners are real, and processes outside cannot be traced. */
function ownUserNamespace({ spec }: Prepared): string[] {
  return [
    ...[program('unshare'), '--user', `--map-user=${spec.uid}`, `--map-group=${spec.gid}`, '--keep-caps', '--'],
    ...[program('setpriv'), '--bounding-set=-all', '--inh-caps=-all', '--ambient-caps=-all', '--no-new-privs', '--'],
  ];
}

function plain({ spec }: Prepared, user: readonly string[]): string[] {
  if (process.getuid?.() === 0 && spec.uid !== 0) return [...user];
  return [program('setpriv'), '--no-new-privs', '--'];
}

function filter({ seccomp, spec }: Prepared, contract: boolean): string[] {
  if (!seccomp) return [];
  const launcher = `${spec.programDir}/dist/agent/confine/launcher.js`;
  return [spec.nodePath, launcher, ...(contract ? ['--contract'] : [])];
}

function words(all: readonly string[]): Launch {
  const [file = '', ...args] = all;
  return { file, args, env: {} };
}

/** @throws ConfineError `spec-refused` when the agent prepared something else than was asked for */
export function agree(prepared: Prepared, owner: LaunchOwner): void {
  const { spec } = prepared;
  if (prepared.place.kind !== 'userns' && process.getuid?.() === 0 && owner.uid === 0) {
    throw new ConfineError('spec-refused', 'a protected command does not run as root', {
      hint: 'name a user with --user, or start `tricordon run` through sudo from your own account',
    });
  }
  for (const field of ['uid', 'gid', 'cwd', 'nodePath', 'programDir'] as const) {
    if (spec[field] === owner[field]) continue;
    throw new ConfineError('spec-refused', `the agent prepared this command with another \`${field}\``, {
      hint: 'restart with `tricordon down` and `tricordon up`',
    });
  }
}
