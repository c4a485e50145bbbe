/**
 * A second host on one machine: a network namespace joined by a veth pair, with an installation, an agent and a cgroup
 * subtree of its own. It reaches the first host by the network alone.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exec } from '../../../src/base/index.js';
import { asRoot, type Done, type Runner, type Running, start, tricordon } from '../house/support.js';

export interface SecondHost {
  readonly name: string;
  readonly data: string;
  /** Of the pair: the first host's end and ours. */
  readonly near: string;
  readonly far: string;
  readonly runner: Runner;
  cli(...args: string[]): Promise<Done>;
  run(args: readonly string[], command: readonly string[], cwd: string): Running;
  /** Starts the agent; `line` is what `agent token -o json` gave. */
  join(invitation: Invitation, options?: { skewMs?: number; name?: string; token?: string }): Running;
  instance(): string;
  remove(): Promise<Done>;
}

export interface Invitation {
  readonly token: string;
  readonly agentUrl: string;
  readonly fingerprint: string;
}

async function ip(...args: string[]): Promise<void> {
  const done = await exec('ip', args);
  if (done.status !== 0) throw new Error(`ip ${args.join(' ')}: ${done.stderr}`);
}

/** The network of a host to come, so that the first one can listen on its end. */
export async function network(
  number: number,
): Promise<{ namespace: string; near: string; far: string; remove(): Promise<void> }> {
  const namespace = `th-${process.pid}-${number}`;
  const [near, far] = [`10.213.${number}.1`, `10.213.${number}.2`];
  const [here, there] = [`tha${process.pid % 100_000}${number}`, `thb${process.pid % 100_000}${number}`];
  await ip('netns', 'add', namespace);
  await ip('link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', namespace);
  await ip('addr', 'add', `${near}/24`, 'dev', here);
  await ip('link', 'set', here, 'up');
  await ip('-n', namespace, 'addr', 'add', `${far}/24`, 'dev', there);
  await ip('-n', namespace, 'link', 'set', there, 'up');
  await ip('-n', namespace, 'link', 'set', 'lo', 'up');
  return { namespace, near, far, remove: () => ip('netns', 'delete', namespace) };
}

export function secondHost(
  name: string,
  directory: string,
  { namespace, near, far }: { namespace: string; near: string; far: string },
): SecondHost {
  const folder = join(directory, name);
  const data = join(folder, 'd');
  mkdirSync(folder, { mode: 0o711 });
  // Not `ip netns exec`: that would hide the cgroups.
  const runner: Runner = { ...asRoot(), prefix: ['nsenter', `--net=/run/netns/${namespace}`, '--'] };
  const where = ['--data-dir', data, '--runtime-dir', join(folder, 'r')];
  return {
    name,
    data,
    near,
    far,
    runner,
    cli: (...args) => tricordon(runner, [...args, '--data-dir', data]),
    run: (args, command, cwd) => start(runner, ['run', '--data-dir', data, ...args, '--', ...command], cwd),
    join: (invitation, options = {}) => {
      const file = join(folder, 'token');
      writeFileSync(file, options.token ?? invitation.token, { mode: 0o600 });
      return start(
        runner,
        [
          ...['agent', 'join', new URL(invitation.agentUrl).host, '--host', options.name ?? name],
          ...['--ca-fingerprint', invitation.fingerprint, '--token-file', file, '--mesh-address', far],
          ...[...where, '-o', 'json'],
        ],
        '/',
        options.skewMs === undefined ? {} : { TRICORDON_CLOCK_SKEW_MS: String(options.skewMs) },
      );
    },
    instance: () => readFileSync(join(data, 'instance'), 'utf8').trim(),
    remove: () => tricordon(runner, ['down', '--purge', ...where, '-o', 'json']),
  };
}
