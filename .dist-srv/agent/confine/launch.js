import { ConfineError } from './errors.js';
import { mountScript } from './mount-script.js';
const joinCgroup = 'echo 0 > "$0" && exec "$@"';
/**
 * The command line in front of COMMAND. Every step replaces itself by the next (exec), so the process that is started
 * *is* COMMAND in the end: its pid, its exit status, its signals and terminal are COMMAND's own.
 *
 * Steps as root: join the cgroup, enter the network namespace, leave the host's mounts, become the user without groups,
 * capabilities or the means to gain any, enter an own user namespace, load the system call filter.
 */
export function launchOf(prepared, owner) {
    const { spec, place } = prepared;
    agree(prepared, owner);
    const user = [
        'setpriv',
        `--reuid=${spec.uid}`,
        `--regid=${spec.gid}`,
        '--clear-groups',
        '--bounding-set=-all',
        '--inh-caps=-all',
        '--ambient-caps=-all',
        '--no-new-privs',
        '--',
    ];
    const last = [...(owner.tracer ?? []), ...filter(prepared)];
    switch (place.kind) {
        case 'netns':
            return words([
                ...(prepared.cgroupPath === null ? [] : ['/bin/sh', '-c', joinCgroup, `${prepared.cgroupPath}/cgroup.procs`]),
                ...['nsenter', `--net=/run/netns/${place.name}`, '--'],
                ...['unshare', '--mount', '--propagation', 'private', '--'],
                ...['/bin/sh', '-c', `${mountScript(prepared)}cd "$0" && exec "$@"`, spec.cwd],
                ...user,
                ...(prepared.ownUserNamespace ? ownUserNamespace(prepared) : []),
                ...last,
            ]);
        case 'userns':
            return words([
                ...['nsenter', `--target=${place.pid}`, '--user', '--preserve-credentials', '--net', '--mount', '--'],
                // Entered by name from inside: a working directory carried over would lead back (`..`) to the hidden mounts.
                ...['/bin/sh', '-c', 'cd "$0" && exec "$@"', spec.cwd],
                ...ownUserNamespace(prepared),
                ...last,
            ]);
        case 'host':
            return words([...['/bin/sh', '-c', 'cd "$0" && exec "$@"', spec.cwd], ...plain(prepared, user), ...last]);
        case 'container':
            throw new ConfineError('spec-refused', 'a container is started by its Engine, not by a command line');
    }
}
/** Maps the user onto itself and nothing else: file owners are real, and processes outside cannot be traced. */
function ownUserNamespace({ spec }) {
    return [
        ...['unshare', '--user', `--map-user=${spec.uid}`, `--map-group=${spec.gid}`, '--keep-caps', '--'],
        ...['setpriv', '--bounding-set=-all', '--inh-caps=-all', '--ambient-caps=-all', '--no-new-privs', '--'],
    ];
}
function plain({ spec }, user) {
    if (process.getuid?.() === 0 && spec.uid !== 0)
        return [...user];
    return ['setpriv', '--no-new-privs', '--'];
}
function filter({ seccomp, spec }) {
    return seccomp ? [spec.nodePath, `${spec.programDir}/dist/agent/confine/launcher.js`] : [];
}
function words(all) {
    const [file = '', ...args] = all;
    return { file, args, env: {} };
}
function agree(prepared, owner) {
    const { spec } = prepared;
    if (prepared.place.kind === 'netns' && owner.uid === 0) {
        throw new ConfineError('spec-refused', 'a protected command does not run as root', {
            hint: 'name a user with --user, or start `tricordon run` through sudo from your own account',
        });
    }
    for (const field of ['uid', 'gid', 'cwd', 'nodePath', 'programDir']) {
        if (spec[field] === owner[field])
            continue;
        throw new ConfineError('spec-refused', `the agent prepared this command with another \`${field}\``, {
            hint: 'restart with `tricordon down` and `tricordon up`',
        });
    }
}
