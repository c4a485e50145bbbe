/**
 * The image: built with the real engine, started as `compose.yaml` says (nothing of root, nothing to write but its volume),
 * killed, started again, stopped. The base is made of files of this machine, since nothing is pulled.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { parse } from 'yaml';
import { exec } from '../../../src/base/index.js';
import { requires } from '../../requires.js';
import { buildImages, removeImages } from '../docker/engine.js';
import { eventually, tree } from '../house/support.js';

const it = await requires('root', 'docker');
const ready = it !== it.skip;
const image = 'tricordon-test:local';
const name = `tricordon-test-${process.pid}`;
const ports = { console: 0, agents: 0 };
let directory = '';

interface Compose {
  readonly services: {
    readonly tricordon: {
      readonly read_only: boolean;
      readonly cap_drop: readonly string[];
      readonly security_opt: readonly string[];
      readonly pids_limit: number;
      readonly init: boolean;
      readonly tmpfs: readonly string[];
      readonly volumes: readonly string[];
    };
  };
}
const { tricordon: service } = (parse(readFileSync(join(tree, 'deploy/container/compose.yaml'), 'utf8')) as Compose) // our own file
  .services;

async function docker(...args: string[]): Promise<string> {
  const done = await exec('docker', args, { timeoutMs: 300_000, env: { PATH: '/usr/bin:/bin', HOME: directory } });
  if (done.status !== 0) throw new Error(`docker ${args.join(' ')}: ${done.stdout}${done.stderr}`);
  return done.stdout.trim();
}
const inside = (...args: string[]) =>
  docker('exec', name, 'node', '/opt/tricordon/bin/tricordon.mjs', ...args, '-o', 'json').then(JSON.parse);

/** As compose.yaml says; on the host's network, with free ports, since nothing else may be there. */
function start(): Promise<string> {
  return docker(
    ...['run', '--detach', '--name', name, '--network', 'host', '--volume', `${name}:/var/lib/tricordon`],
    ...(service.read_only ? ['--read-only'] : []),
    ...(service.init ? ['--init'] : []),
    ...service.cap_drop.flatMap((capability) => ['--cap-drop', capability]),
    ...service.security_opt.flatMap((option) => ['--security-opt', option]),
    ...['--pids-limit', String(service.pids_limit)],
    ...service.tmpfs.flatMap((mount) => ['--tmpfs', mount]),
    ...['--env', `TRICORDON_CONSOLE__LISTEN=127.0.0.1:${ports.console}`],
    ...['--env', `TRICORDON_AGENTS__LISTEN=127.0.0.1:${ports.agents}`],
    image,
  );
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const at = probe.address();
      probe.close(() => resolve(typeof at === 'object' && at !== null ? at.port : 0));
    });
  });
}

function health(): Promise<number> {
  return new Promise((resolve) => {
    const url = `https://127.0.0.1:${ports.console}/healthz`;
    const sent = request(url, { rejectUnauthorized: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', () => resolve(0));
    sent.end();
  });
}

const serves = () =>
  eventually(async () => {
    if ((await health()) === 200) return true;
    const state = await docker('inspect', name, '--format', '{{.State.Status}}');
    if (state === 'exited') throw new Error(await docker('logs', name));
    return undefined;
  });

beforeAll(async () => {
  if (!ready) return;
  directory = mkdtempSync(join(tmpdir(), 'tcimg-'));
  [ports.console, ports.agents] = [await freePort(), await freePort()];
  await buildImages('inventory');
  const made = await exec(process.execPath, [join(tree, 'scripts/container.mjs'), join(directory, 'context')], {
    timeoutMs: 120_000,
  });
  if (made.status !== 0) throw new Error(made.stderr);
  // What our PostgreSQL needs of the C library beside what Node does; a base that is pulled has all of it.
  const base = join(directory, 'base');
  mkdirSync(base);
  const library = (await exec('/sbin/ldconfig', ['-p'])).stdout
    .split('\n')
    .find((line) => /librt\.so\.1 .*x86-64/.test(line));
  copyFileSync(library?.split(' => ')[1] ?? '', join(base, 'librt.so.1'));
  writeFileSync(
    join(base, 'Dockerfile'),
    'FROM shop-base:local\nWORKDIR /sbin\nCOPY librt.so.1 /lib/x86_64-linux-gnu/librt.so.1\n',
  );
  await docker('build', '--quiet', '--tag', `${image}-base`, base);
  await docker('build', '--quiet', '--build-arg', `BASE=${image}-base`, '--tag', image, join(directory, 'context'));
});
afterAll(async () => {
  if (!ready) return;
  await exec('docker', ['rm', '--force', '--volumes', name]);
  await exec('docker', ['volume', 'rm', '--force', name]);
  await exec('docker', ['rmi', '--force', image, `${image}-base`]);
  await removeImages();
  rmSync(directory, { recursive: true, force: true });
});

it('serves as an ordinary account that can gain nothing and write nothing but its volume', async () => {
  await start();
  await serves();
  const processes = (await docker('top', name, '-eo', 'pid,uid,args')).split('\n').slice(1);
  expect(processes.length).toBeGreaterThan(3);
  for (const line of processes) {
    const [pid = '', uid = ''] = line.trim().split(/\s+/);
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    expect([line, uid]).toEqual([line, '64200']);
    for (const set of ['CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
      expect([line, new RegExp(`^${set}:\\s*(\\w+)$`, 'm').exec(status)?.[1]]).toEqual([line, '0000000000000000']);
    expect(/^NoNewPrivs:\s*(\d)$/m.exec(status)?.[1]).toBe('1');
    expect(/^Seccomp:\s*(\d)$/m.exec(status)?.[1]).toBe('2');
  }
  const written = await exec('docker', [
    'exec',
    name,
    'node',
    '-e',
    "require('fs').writeFileSync('/opt/tricordon/x','')",
  ]);
  expect([written.status, written.stderr]).toEqual([1, expect.stringContaining('EROFS')]);
  expect((await inside('user', 'invite', 'Ana')).account).toBe('Ana');
});

it('keeps what it knows when it is killed, and ends in order when it is stopped', async () => {
  await docker('kill', '--signal', 'KILL', name);
  await docker('start', name);
  await serves();
  const people = async () => (await inside('user', 'list')).people.map((person: { name: string }) => person.name);
  expect(await people()).toEqual(['Ana']);
  await docker('stop', '--time', '60', name);
  expect(await docker('inspect', name, '--format', '{{.State.ExitCode}}')).toBe('0');
  // Another container on the same volume: an upgrade is that with a newer image.
  await docker('rm', name);
  await start();
  await serves();
  expect(await people()).toEqual(['Ana']);
  expect((await inside('audit', 'verify')).ok).toBe(true);
});
