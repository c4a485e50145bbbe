/** The units: good for systemd's own checker, and what they leave of root is enough for everything that `up` does. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { exec, spawnProcess, which } from '../../../src/base/index.js';
import { lacking, requires } from '../../requires.js';
import { python, pythonServer } from '../house/programs.js';
import { asRoot, eventually, follow, get, house, type House, leftOf, remove, roomy, tree } from '../house/support.js';

const units = ['tricordon.service', 'tricordon-agent.service'] as const;
const folder = join(tree, 'deploy/systemd');
const withSystemd =
  which('systemd-analyze') === undefined ? lacking(['systemd-analyze (apt-get install systemd)']) : undefined;
const checked = withSystemd ?? (await requires());
const notified = withSystemd ?? (await requires('python', 'postgresql'));
const confined = await requires('root', 'nftables', 'iproute2', 'postgresql', 'python');

function setting(unit: string, name: string): string {
  const text = readFileSync(join(folder, unit), 'utf8');
  return new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1] ?? '';
}

describe('the units, by systemd’s own word', () => {
  let directory = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'tunit-'));
    // The program is not installed here: the checker is given one that is there.
    for (const unit of units) {
      const text = readFileSync(join(folder, unit), 'utf8');
      writeFileSync(join(directory, unit), text.replaceAll('/usr/bin/tricordon', join(tree, 'bin/tricordon.mjs')));
    }
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  for (const unit of units) {
    checked(`${unit}: every line is understood`, async () => {
      const done = await exec('systemd-analyze', ['verify', '--man=no', join(directory, unit)], { timeoutMs: 60_000 });
      const about = done.stderr
        .split('\n')
        .filter((line) => line.includes(unit) && !line.includes('is not executable'));
      expect(about).toEqual([]);
    });

    checked(`${unit}: no more exposed than was written down`, async () => {
      const args = ['security', '--offline=true', '--no-pager', join(directory, unit)];
      const done = await exec('systemd-analyze', args, { timeoutMs: 60_000 });
      const exposure = Number(/exposure level for \S+: ([0-9.]+)/.exec(done.stdout)?.[1]);
      expect(exposure).toBeGreaterThan(0);
      expect(exposure).toBeLessThanOrEqual(6.8);
    });
  }
});

/** Numbers of linux/capability.h. */
const numbers: Readonly<Record<string, number>> = {
  CAP_CHOWN: 0,
  CAP_DAC_OVERRIDE: 1,
  CAP_DAC_READ_SEARCH: 2,
  CAP_FOWNER: 3,
  CAP_KILL: 5,
  CAP_SETGID: 6,
  CAP_SETUID: 7,
  CAP_SETPCAP: 8,
  CAP_NET_BIND_SERVICE: 10,
  CAP_NET_ADMIN: 12,
  CAP_SYS_PTRACE: 19,
  CAP_SYS_ADMIN: 21,
  CAP_PERFMON: 38,
  CAP_BPF: 39,
};

function maskOf(capabilities: readonly string[]): bigint {
  return capabilities.reduce((mask, name) => mask | (1n << BigInt(numbers[name] ?? Number.NaN)), 0n);
}

function boundingOf(status: string): bigint {
  return BigInt(`0x${/^CapBnd:\t([0-9a-f]+)$/m.exec(status)?.[1]}`);
}

confined('with no capability but those of the unit, root does all of its work', async () => {
  const directory = roomy();
  const capabilities = setting('tricordon.service', 'CapabilityBoundingSet').split(' ');
  expect(setting('tricordon-agent.service', 'CapabilityBoundingSet').split(' ')).toEqual(capabilities);
  const bounding = ['-all', ...capabilities.map((name) => `+${name.replace('CAP_', '').toLowerCase()}`)].join(',');
  const root = asRoot();
  const home: House = house(
    { ...root, prefix: ['/usr/bin/setpriv', '--no-new-privs', `--bounding-set=${bounding}`, '--'] },
    directory,
  );
  try {
    const up = await home.up('www-data');
    const app = pythonServer(directory, '');
    const args = ['--service', 'hello', '--port', '8000', '--publish', '127.0.0.1:0', '--user', 'www-data'];
    const running = home.run(args, [python, 'server.py', '8000'], app);
    const base = await running.until((_, err) => /published on (http:\S+)/.exec(err)?.[1]);
    await eventually(async () => ((await get(base)).status === 200 ? true : undefined));
    const { agent } = await home.json<{ agent: { rung: string; sight: { by: string } } | null }>('status');
    expect(agent?.rung).toBe('netns');
    const facts = readFileSync(`/proc/${up.child.pid}/status`, 'utf8');
    expect(facts).toMatch(/^NoNewPrivs:\t1$/m);
    // Nothing but what the unit names, and all of it that this host has to give: else nothing was tried.
    expect(boundingOf(facts)).toBe(boundingOf(readFileSync('/proc/self/status', 'utf8')) & maskOf(capabilities));
    running.child.kill('SIGTERM');
    await running.done;
  } finally {
    const purged = await house(root, directory).purge();
    expect(purged.status, purged.stdout + purged.stderr).toBe(0);
    expect(await leftOf(directory, home.instance())).toEqual([]);
    remove(directory);
  }
});

/** The socket of a service manager: prints each message it is sent, one a line. */
const manager = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('listening', flush=True)
while True:
    print(s.recv(4096).decode().strip().replace(chr(10), ' '), flush=True)
`;

notified('tells the service manager when it is ready and when it stops', async () => {
  const directory = roomy();
  const socket = join(directory, 'notify');
  const listener = follow(spawnProcess(python, ['-c', manager, socket], { stdio: ['ignore', 'pipe', 'pipe'] }));
  const runner = asRoot();
  const home = house({ ...runner, env: { ...runner.env, NOTIFY_SOCKET: socket } }, directory);
  try {
    await listener.until((out) => (out.includes('listening') ? true : undefined));
    const up = await home.up();
    await listener.until((out) => (out.includes('READY=1') ? true : undefined));
    expect(listener.stdout()).not.toContain('STOPPING=1');
    up.child.kill('SIGTERM');
    expect((await up.done).status).toBe(0);
    await listener.until((out) => (out.includes('STOPPING=1') ? true : undefined));
  } finally {
    listener.child.kill('SIGKILL');
    await house(runner, directory).purge();
    remove(directory);
  }
});
