/** What was compiled is given to those who enforce it: Docker runs a workload under it, systemd reads the unit. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { exec, which } from '../../../src/base/index.js';
import { lacking, requires } from '../../requires.js';

const missing = await absent('docker', 'ldd', 'tar');
const inDocker = missing.length === 0 ? await requires('root', 'docker') : lacking(missing);
const unverified = await absent('systemd-analyze');
const inSystemd = unverified.length === 0 ? await requires() : lacking(unverified);

async function absent(...tools: string[]): Promise<string[]> {
  const found = await Promise.all(tools.map(async (tool) => [tool, await which(tool)] as const));
  return found.filter(([, path]) => path === undefined).map(([tool]) => `${tool}: not installed`);
}

const floor = `node${process.versions.node.split('.')[0]}`;
const contract = `apiVersion: tricordon/v1
kind: Contract
service: parcels
mode: { runtime: enforce, network: enforce, api: off }
runtime:
  user: { uid: 64100, gid: 64100 }
  rootfs: readonly
  privilegeEscalation: false
  capabilities: []
  mounts: [{ id: cache, path: /cache, source: tmpfs, access: write }]
  resources: { memory: 256Mi, pids: 64 }
  syscalls: { base: ${floor === 'node20' ? 'node20' : 'node24'} }
network: { ingress: [], egress: [] }
`;

/** Serves, asks itself, writes where it may; then does what its contract does not have. Prints one line of JSON. */
const workload = `
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const http = require('node:http');
const attempt = (work) => { try { return work() ?? 'done'; } catch (error) { return error.code; } };
const shell = (stdio) => { const { error, status } = spawnSync('/bin/sh', ['-c', ':'], { stdio }); return error?.code ?? status; };
const server = http.createServer((_, answer) => answer.end('parcel')).listen(0, '127.0.0.1', async () => {
  const answer = await (await fetch('http://127.0.0.1:' + server.address().port)).text();
  fs.writeFileSync('/cache/a', answer);
  const status = fs.readFileSync('/proc/self/status', 'utf8');
  const line = (name) => status.match(new RegExp('^' + name + ':\\\\s+(\\\\S+)', 'm'))[1];
  console.log(JSON.stringify({
    served: fs.readFileSync('/cache/a', 'utf8'),
    shells: [shell('pipe'), shell('inherit')],
    root: attempt(() => fs.writeFileSync('/etc/x', 'x')),
    filter: line('Seccomp'), privileges: line('NoNewPrivs'), bounding: line('CapBnd'), uid: line('Uid'),
    interfaces: Object.keys(require('node:os').networkInterfaces()),
  }));
  process.exit(0);
});
`;

describe('a contract that was compiled', () => {
  let folder = '';
  const image = `tricordon-compiled-${process.pid}:local`;
  const cli = (...args: string[]) =>
    exec(process.execPath, [resolve('bin/tricordon.mjs'), 'contract', 'compile', 'parcels', ...args], {
      timeoutMs: 60_000,
    });
  const compile = async (target: string) => {
    const out = join(folder, target);
    const done = await cli('--contracts', join(folder, 'parcels.yaml'), '--target', target, '--out', out);
    expect([done.status, done.stderr]).toEqual([0, '']);
    return out;
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tc-compile-'));
    writeFileSync(join(folder, 'parcels.yaml'), contract);
  });
  afterAll(async () => {
    if (missing.length === 0) await exec('docker', ['image', 'rm', '--force', image], { timeoutMs: 60_000 });
    rmSync(folder, { recursive: true, force: true });
  });

  inDocker(
    'holds in Docker: the workload works, and a shell that it starts is refused',
    async () => {
      await importImage();
      const out = await compile('docker');
      const run = async (command: string, args: string[]) => {
        const done = await exec(command, [...args, image, process.execPath, '-e', workload], { timeoutMs: 60_000 });
        expect([done.stderr, done.status]).toEqual(['', 0]);
        return JSON.parse(done.stdout.trim().split('\n').at(-1) ?? '');
      };
      const free = await run('docker', ['run', '--rm', '--tmpfs=/cache']);
      expect(free).toMatchObject({ served: 'parcel', shells: [0, 0], root: 'done', privileges: '0', uid: '0' });
      const held = await run(join(out, 'parcels.docker-run.sh'), ['--rm']);
      expect(held).toEqual({
        served: 'parcel',
        shells: ['EPERM', 'EPERM'],
        root: 'EROFS',
        filter: '2',
        privileges: '1',
        bounding: '0000000000000000',
        uid: '64100',
        interfaces: ['lo'],
      });
    },
    120_000,
  );

  inSystemd('is read by systemd without a word, and a key that it does not know is not', async () => {
    const out = await compile('systemd');
    writeFileSync(join(out, 'parcels.service'), '[Service]\nExecStart=/bin/true\n');
    const verify = () => exec('systemd-analyze', ['verify', join(out, 'parcels.service')], { timeoutMs: 60_000 });
    const good = await verify();
    expect([good.status, good.stderr]).toEqual([0, '']);
    const dropIn = join(out, 'parcels.service.d/50-tricordon.conf');
    writeFileSync(dropIn, readFileSync(dropIn, 'utf8').replace('NoNewPrivileges=', 'NoNewPrivilege='));
    // Its exit code says nothing of it: what it wrote does.
    expect((await verify()).stderr).toContain("Unknown key 'NoNewPrivilege'");
  });

  inSystemd('is refused where an enforced clause is lost, unless somebody answers for it', async () => {
    const file = join(folder, 'shell.yaml');
    writeFileSync(file, `${contract}deny: [{ id: no-shell, layer: runtime, executable: /bin/sh }]\n`);
    const args = ['--contracts', file, '--target', 'docker,systemd', '--out', join(folder, 'lost')];
    const lost = await cli(...args);
    expect([lost.status, lost.stdout]).toEqual([2, expect.stringContaining('`no-shell` in docker')]);
    const acceptances = join(folder, 'acceptances.txt');
    const one = 'clause: no-shell, target: docker, owner: ana, reason: no shell in the image, until: 2027-01-01';
    writeFileSync(acceptances, `acceptances: [{ ${one} }]\n`);
    const at = (time: string) => cli(...args, '--acceptances', acceptances, '--at', time, '-o', 'json');
    expect(JSON.parse((await at('2026-12-01')).stdout)).toMatchObject({ ok: true, refused: [] });
    const ended = await at('2027-01-01');
    expect([ended.status, JSON.parse(ended.stdout)]).toMatchObject([2, { ok: false, artefacts: [], ended: [{}] }]);
    writeFileSync(join(folder, 'lost/parcels.seccomp.json'), '{}');
    const foreign = await at('2026-12-01');
    expect([foreign.status, foreign.stderr]).toEqual([1, expect.stringContaining('not as this command wrote it')]);
  });

  /** This Node.js, a shell and their libraries, out of the files of this machine. */
  async function importImage(): Promise<void> {
    const root = join(folder, 'root');
    for (const name of ['etc', 'proc', 'tmp']) mkdirSync(join(root, name), { recursive: true });
    const files = new Set([process.execPath, '/bin/sh']);
    for (const program of [process.execPath, '/bin/sh']) {
      const { stdout } = await exec('ldd', [program], { timeoutMs: 30_000 });
      for (const [path] of stdout.matchAll(/\/\S+/g)) files.add(path);
    }
    for (const file of files) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      await exec('cp', ['--dereference', file, join(root, file)], { timeoutMs: 30_000 });
    }
    const archive = join(folder, 'image.tar');
    await exec('tar', ['--create', '--owner=0', '--group=0', '--file', archive, '-C', root, '.'], {
      timeoutMs: 60_000,
    });
    const done = await exec('docker', ['import', archive, image], { timeoutMs: 60_000 });
    expect([done.stderr, done.status]).toEqual(['', 0]);
  }
});
