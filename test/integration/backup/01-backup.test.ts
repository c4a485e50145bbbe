/** A house is backed up while it works, lost, and put back from the file and the recovery key. */
import {
  chownSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { exec } from '../../../src/base/index.js';
import { requires } from '../../requires.js';
import {
  asRoot,
  commandLine,
  type Done,
  eventually,
  type House,
  house,
  leftOf,
  ourAccounts,
  remove,
  roomy,
  type Running,
  start,
} from '../house/support.js';

const it = await requires('root', 'postgresql');
const ready = process.getuid?.() === 0 && it !== it.skip;

const accounts = ourAccounts();

interface Status {
  fingerprint: string | null;
  control: { audit: { length: number } } | null;
}

describe('a backup', () => {
  let directory = '';
  let home: House;
  let up: Running;
  let file = '';
  let key = '';
  let fingerprint: string | null = null;

  beforeAll(async () => {
    if (!ready) return;
    directory = roomy();
    file = join(directory, 'backup');
    key = join(directory, 'key');
    home = house(asRoot(), directory);
    up = await home.up();
    fingerprint = (await home.json<Status>('status')).fingerprint;
    for (const name of ['Ana Lima', 'Hugo']) expect((await home.cli('user', 'invite', name)).status).toBe(0);
  });

  afterAll(async () => {
    if (directory === '') return;
    try {
      const purged = await home.purge();
      expect(purged.status, purged.stdout + purged.stderr).toBe(0);
      expect(await leftOf(directory, home.instance())).toEqual([]);
      expect(ourAccounts()).toEqual(accounts);
    } finally {
      remove(directory);
    }
  });

  it('needs a recovery key, which is made once and leaves only its public part behind', async () => {
    const without = await home.cli('backup', 'create', '--to', file);
    expect([without.status, without.stderr]).toEqual([3, expect.stringContaining('backup key --out')]);
    expect((await home.cli('backup', 'key', '--out', key)).status).toBe(0);
    expect(statSync(key).mode & 0o777).toBe(0o600);
    const again = await home.cli('backup', 'key', '--out', `${key}2`);
    expect([again.status, existsSync(`${key}2`)]).toEqual([1, false]);
    const secret = readFileSync(key, 'utf8').trim();
    const found = await exec('grep', ['-rlF', secret.slice(-43), home.data]);
    expect(found.stdout).toBe('');
  });

  it('is made while others write, is whole, and holds what was acknowledged before it began', async () => {
    const others = inviteMany('at the same time');
    const made = await home.cli('backup', 'create', '--to', file, '-o', 'json');
    expect(made.status, made.stderr).toBe(0);
    await others;
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory).filter((name) => name.endsWith('.unfinished'))).toEqual([]);
    const bytes = readFileSync(file);
    for (const secret of ['BEGIN PRIVATE KEY', 'Ana Lima']) expect(bytes.includes(secret)).toBe(false);
    const verified = await cli('backup', 'verify', file, '--key', key);
    expect(verified.status, verified.stderr).toBe(0);
  });

  it('takes nothing that somebody put among the files of the control plane', async () => {
    const planted = join(home.data, 'evidence/planted');
    const target = join(directory, 'hostile');
    const create = () => home.cli('backup', 'create', '--to', target);
    symlinkSync('/etc/shadow', planted);
    const linked = await create();
    expect(linked.status, linked.stderr).toBe(0);
    const told = await cli('backup', 'verify', target, '--key', key, '-o', 'json');
    expect(told.stdout).not.toContain('evidence/planted');
    unlinkSync(planted);
    expect((await exec('mkfifo', [planted])).status).toBe(0);
    expect((await create()).status).toBe(0);
    unlinkSync(planted);
    writeFileSync(planted, 'of root');
    refused(await create(), /belongs to user id 0, not to the control plane/);
    unlinkSync(planted);
  });

  it('is drilled: restored aside, checked, and nothing of that stays', async () => {
    const before = ofOurs();
    const drilled = await cli('backup', 'drill', file, '--key', key, '-o', 'json');
    expect(drilled.status, drilled.stderr).toBe(0);
    const told = JSON.parse(drilled.stdout);
    expect(told).toMatchObject({ auditEntries: expect.any(Number), rows: expect.any(Number) });
    // Authority, evidence, people and console at least; the key of the root fits its certificate.
    expect(told.keys).toBeGreaterThanOrEqual(4);
    expect(told.spool).toMatchObject({ schemaVersion: 1, segments: expect.any(Array) });
    expect(ofOurs()).toEqual(before);
    expect(
      readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandLine(pid).includes('tricordon-drill-')),
    ).toEqual([]);
  });

  it('is refused when it is cut off, changed, sealed to another key, or no file', async () => {
    const bad = join(directory, 'bad');
    const verify = (path: string, withKey = key) => cli('backup', 'verify', path, '--key', withKey);
    writeFileSync(bad, readFileSync(file));
    truncateSync(bad, statSync(bad).size - 1_000);
    refused(await verify(bad), /cut off/);
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(bad, bytes);
    refused(await verify(bad), /damaged/);
    const other = join(directory, 'other');
    expect((await home.cli('backup', 'key', '--out', other, '--replace')).status).toBe(0);
    refused(await verify(file, other), /another recovery key/);
    refused(await verify(directory), /no backup|cannot be read/);
    expect((await exec('mkfifo', [join(directory, 'fifo')])).status).toBe(0);
    refused(await verify(join(directory, 'fifo')), /no file/);
    refused(await verify(join(directory, 'nothing')), /ENOENT/);
    refused(await cli('restore', bad, '--key', key, '--data-dir', join(directory, 'e')), /damaged/);
    expect(existsSync(join(directory, 'e'))).toBe(false);
  });

  it('is not written on a full disk, and nothing of it stays', async () => {
    const disk = join(directory, 'full');
    await mkdir(disk);
    expect((await exec('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk])).status).toBe(0);
    try {
      writeFileSync(join(disk, 'filler'), Buffer.alloc(60 << 10));
      refused(await home.cli('backup', 'create', '--to', join(disk, 'b')), /no space left/);
      expect(readdirSync(disk)).toEqual(['filler']);
    } finally {
      await exec('umount', ['-l', disk]);
    }
  });

  it('is not restored where there is no room for it, also when that runs out meanwhile, and nothing of it stays', async () => {
    const disk = join(directory, 'small');
    await mkdir(disk);
    const args = ['restore', file, '--key', key, '--data-dir', join(disk, 'd')];
    const filler = join(disk, 'filler');
    for (const size of ['8m', '44m', '72m']) {
      expect((await exec('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0711`, 'tmpfs', disk])).status).toBe(0);
      try {
        const restoring = start(home.runner, args);
        if (size === '72m') {
          await restoring.until((_, err) => (err.includes('table accounts') ? true : undefined));
          await exec('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4k']);
        }
        const done = await restoring.done;
        await rm(filler, { force: true });
        refused(done, /no space left/);
        expect(readdirSync(disk)).toEqual([]);
      } finally {
        await exec('umount', ['-l', disk]);
      }
    }
  });

  it('killed while it is written leaves nothing that passes for one, and the next one sweeps', async () => {
    const target = join(directory, 'killed');
    const running = start(home.runner, ['backup', 'create', '--to', target, '--data-dir', home.data]);
    await running.until((_, err) => (err.includes('table ') ? true : undefined));
    running.child.kill('SIGKILL');
    await running.done;
    expect(existsSync(target)).toBe(false);
    const next = await home.cli('backup', 'create', '--to', target);
    expect(next.status, next.stderr).toBe(0);
    expect(readdirSync(directory).filter((name) => name.endsWith('.unfinished'))).toEqual([]);
  });

  it('is put back on an empty host, also after a restore was killed', async () => {
    const other = join(directory, 'other');
    const made = await home.cli('backup', 'create', '--to', file);
    expect(made.status, made.stderr).toBe(0);
    refused(await home.cli('restore', file, '--key', other), /is not empty/);
    const purged = await home.purge();
    expect(purged.status, purged.stdout + purged.stderr).toBe(0);
    await up.done;

    const killed = start(home.runner, ['restore', file, '--key', other, '--data-dir', home.data]);
    await killed.until((_, err) => (err.includes('table audit') ? true : undefined));
    killed.child.kill('SIGKILL');
    await killed.done;
    expect(existsSync(home.data)).toBe(false);

    // Looks like what a killed restore leaves, but another made it.
    const foreign = join(directory, `.d.${'0'.repeat(12)}.restoring`);
    await mkdir(foreign);
    writeFileSync(join(foreign, 'accounts.json'), '["tricordon"]');
    chownSync(foreign, 33, 33);
    const restored = await home.cli('restore', file, '--key', other);
    expect(restored.status, restored.stderr).toBe(0);
    expect(readdirSync(directory).filter((name) => name.endsWith('.restoring'))).toEqual([basename(foreign)]);
    up = await home.up();
    expect((await home.json<Status>('status')).fingerprint).toBe(fingerprint);
    const audit = await home.cli('audit', 'verify');
    expect(audit.status, audit.stdout + audit.stderr).toBe(0);
    const people = (await home.cli('user', 'list', '-o', 'json')).stdout;
    for (const name of ['Ana Lima', 'Hugo', 'at the same time 0']) expect(people).toContain(name);
    // What comes now follows what was: numbers go on.
    const invited = await home.cli('user', 'invite', 'Afterwards');
    expect(invited.status, invited.stderr).toBe(0);
    await eventually(async () => ((await home.json<Status>('status')).control?.audit.length ?? 0) > 5 || undefined);
    expect((await home.cli('backup', 'create', '--to', file)).status).toBe(0);
  });

  async function inviteMany(name: string): Promise<void> {
    for (let count = 0; count < 3; count += 1)
      expect((await home.cli('user', 'invite', `${name} ${count}`)).status).toBe(0);
  }

  function cli(...args: string[]): Promise<Done> {
    return start(home.runner, args).done;
  }
});

/** Temporary directories: a drill's among them while it runs. */
function ofOurs(): string[] {
  return readdirSync('/tmp').filter((name) => name.startsWith('tricordon-'));
}

function refused(done: Done, why: RegExp): void {
  expect([done.status, done.stderr]).toEqual([1, expect.stringMatching(why)]);
  expect(done.stderr).not.toMatch(/\n\s+at .+:\d+|node:internal/);
}
