import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createSocket } from 'node:dgram';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { cgroup2Mount, exec, spawnProcess, which } from '../../../src/base/index.js';
import { CaptureSpec, netnsFacts } from '../../../src/agent/confine/index.js';
import { requires } from '../../requires.js';
import { account, drive, type House, type Program, testHouse, testProgram, testSpec } from './support.js';

const it = await requires('root', 'nftables', 'iproute2', 'python', 'userns');

/** What must be answered by the sidecar instead of the address dialled. */
const captured = ['metadata address', 'any address', 'declared peer by name', 'declared peer on loopback'];
/** What does succeed without confinement, so that this test is able to fail. */
const openOnHost = [
  'host socket in /tmp',
  'host socket elsewhere',
  'abstract host socket',
  'host listener on loopback',
  'host listener on IPv6 loopback',
  'UDP to the host',
  'make namespaces',
  'read its memory',
  'reach the host through its root',
  'read the data directory',
  'climb out of the working directory',
];

const python = '/usr/bin/python3';
let program: Program;
let house: House;
let elsewhere: string;
let setuid: string;
let facts: Record<string, unknown>;
let neighbour: ReturnType<typeof spawnProcess>;
const open: (() => void)[] = [];
let udpHeard = 0;

beforeAll(async () => {
  if (process.getuid?.() !== 0) return;
  program = testProgram();
  house = testHouse();
  elsewhere = mkdtempSync('/var/tmp/tcs-');
  chmodSync(elsewhere, 0o755);
  setuid = join(elsewhere, 'id');
  copyFileSync(which('id') ?? '/usr/bin/id', setuid);
  chmodSync(setuid, 0o4755);
  copyFileSync(join(import.meta.dirname, 'attempts.py'), join(house.cwd, 'attempts.py'));
  chownSync(join(house.cwd, 'attempts.py'), account.uid, account.gid);
  writeFileSync(join(house.home, 'outside'), '');
  neighbour = spawnProcess(
    'setpriv',
    [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups', '--', 'sleep', 'infinity'],
    {
      stdio: 'ignore',
      cwd: '/',
    },
  );
  const listen = async (where: Parameters<Server['listen']>[0]) => {
    const server = createServer((socket) => socket.end('host'));
    await new Promise<void>((resolve) => server.listen(where, resolve));
    open.push(() => server.close());
    const at = server.address();
    if (typeof at === 'string') chmodSync(at.startsWith('\0') ? '/tmp' : at, at.startsWith('\0') ? 0o1777 : 0o777);
    return typeof at === 'object' && at !== null ? at.port : 0;
  };
  const abstract = `tricordon-test-${process.pid}`;
  const unixTmp = join(house.home, 's');
  const unixElsewhere = join(elsewhere, 's');
  await listen({ path: unixTmp });
  await listen({ path: unixElsewhere });
  await listen({ path: `\0${abstract}` });
  const udp = createSocket('udp4', (_, from) => {
    udpHeard += 1;
    udp.send('host', from.port, from.address);
  });
  await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve));
  open.push(() => udp.close());
  facts = {
    unixTmp,
    unixElsewhere,
    abstract,
    tcp: await listen({ port: 0, host: '127.0.0.1' }),
    tcp6: await listen({ port: 0, host: '::1' }),
    udp: udp.address().port,
    setuid,
    secret: join(house.dataDir, 'secret'),
    climb: 'outside',
    cgroupRoot: cgroup2Mount(),
    neighbour: neighbour.pid,
  };
});

afterAll(() => {
  for (const close of open) close();
  neighbour?.kill('SIGKILL');
  house?.remove();
  program?.remove();
  if (elsewhere !== undefined) rmSync(elsewhere, { recursive: true, force: true });
});

describe('what a hostile command tries', () => {
  it('succeeds in many ways without confinement', async () => {
    const done = await exec(python, ['attempts.py', JSON.stringify({ ...facts, inlet: 0 })], {
      cwd: house.cwd,
      ...account,
      timeoutMs: 120_000,
    });
    const outcome: Record<string, string> = JSON.parse(done.stdout);
    for (const name of openOnHost) expect([name, outcome[name]]).not.toEqual([name, expect.stringMatching(/^refused/)]);
    expect(outcome['set-user-id program']).toBe('0');
  });

  for (const [rung, as] of [
    ['netns', 'root'],
    ['userns', 'user'],
  ] as const) {
    it(`leads nowhere on the rung ${rung}`, async () => {
      const heardBefore = udpHeard;
      const spec = testSpec(house, program);
      const driver = drive(
        {
          rung,
          spec,
          facts,
          command: [python, 'attempts.py', 'FACTS'],
          control: join(house.runtimeDir, 'p', `${rung}.sock`),
          log: join(house.dataDir, `${rung}.log`),
        },
        as,
        program,
      );
      const started = await driver.next('started');
      const ended = await driver.next('ended');
      await driver.ask('end');
      await driver.close();
      expect([ended['status'], started['same']]).toEqual([0, true]);
      const outcome: Record<string, unknown> = JSON.parse(String(ended['output']));
      const { status, hosts, ...attempts } = outcome;
      const through = Object.entries(attempts).filter(
        ([name, how]) => !captured.includes(name) && !/^refused/.test(String(how)),
      );
      expect(through).toEqual([['set-user-id program', String(account.uid)]]);
      for (const name of captured) expect([name, attempts[name]]).toEqual([name, 'sidecar']);
      expect(udpHeard).toBe(heardBefore);
      const none = '0000000000000000';
      expect(status).toMatchObject({
        CapInh: none,
        CapPrm: none,
        CapEff: none,
        CapBnd: none,
        CapAmb: none,
        NoNewPrivs: '1',
        Seccomp: '2',
      });
      expect(hosts).toContain('198.18.0.1 db.internal');
      expect(leftovers(CaptureSpec.parse(spec))).toEqual([]);
    });
  }
});

function leftovers({ instance, workload }: CaptureSpec): string[] {
  const found = [
    `${cgroup2Mount()}/tricordon/${instance}/${workload}`,
    netnsFacts({ instance, workload }).hostsFile,
  ].filter((path) => existsSync(path));
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  return [...found, ...mounts.filter((line) => line.includes(`tricordon-${instance}`))];
}
