/** What lies on the disk of a real installation, as whoever takes it would read it: every key is known, and nobody else's to read. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { keyRegistry } from '../../../src/cli/keys/registry.js';
import { requires } from '../../requires.js';
import { asRoot, eventually, type House, house, leftOf, remove, roomy, type Running } from './support.js';

const it = await requires('root', 'nftables', 'iproute2', 'postgresql');
const ready = process.getuid?.() === 0 && it !== it.skip;

/** Files of the data directory that are neither keys nor secrets. */
const plain = ['agent/settings.json', 'agent/state.json', 'instance', 'state.json', 'up.lock', 'accounts.json'];
/** Of others, or of rows and events that are sealed or hashed as the registry says. */
const apart = /^(postgres|spool|log|evidence|run|program)(\/|$)/;

describe('the keys of an installation', () => {
  let directory = '';
  let home: House;
  let up: Running;
  beforeAll(async () => {
    if (!ready) return;
    directory = roomy();
    home = house(asRoot(), directory);
    up = await home.up('www-data');
    expect((await home.cli('backup', 'key', '--out', join(directory, 'recovery.key'))).status).toBe(0);
  });
  afterAll(async () => {
    if (!ready) return;
    await home.purge();
    await up.done;
    expect(await leftOf(directory, home.instance())).toEqual([]);
    remove(directory);
  });

  it('are all in the registry, and each file that is there belongs to whom it says', async () => {
    const known = new Set(keyRegistry.flatMap(({ path }) => (path === null ? [] : [path])));
    const files = readdirSync(home.data, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(home.data.length + 1))
      .filter((name) => !apart.test(name) && !plain.includes(name));
    expect(files.filter((name) => !known.has(name))).toEqual([]);
    expect(files.length).toBeGreaterThan(8);
    const listed = await home.cli('key', 'list', '-o', 'json');
    expect(listed.status, listed.stdout).toBe(0);
    const { keys } = JSON.parse(listed.stdout);
    const shown = (await home.cli('key', 'list')).stdout;
    expect(shown).toMatch(/^KEY +WHERE +STATE +WRITTEN +ENDS +ROTATION$/m);
    expect(shown).toMatch(/^spool +agent\/spool\.key +present +\d{4}-\d\d-\d\dT\d\d:\d\d /m);
    const present = keys.filter((key: { file: { state: string } | null }) => key.file?.state === 'present');
    expect(present.map(({ path }: { path: string }) => path).toSorted()).toEqual(files.toSorted());
    const ends = new Map(keys.map(({ name, notAfter }: { name: string; notAfter: number | null }) => [name, notAfter]));
    for (const name of ['root', 'console', 'host']) expect(ends.get(name), name).toEqual(expect.any(Number));
  });

  it('stand in nothing that others may read: neither in logs nor in settings', () => {
    const secrets = ['keys/ca/root.key.pem', 'keys/ca/evidence.key.pem', 'keys/ca/people.key', 'token'].map((name) =>
      readFileSync(join(home.data, name), 'utf8'),
    );
    const token = JSON.parse(secrets.at(-1) ?? '{}').token as string;
    expect(token.length).toBeGreaterThan(30);
    const bodies = secrets.slice(0, 3).map((sealed) => sealed.trim().split(' ').at(-1) ?? '');
    const needles = [token, ...bodies];
    for (const needle of needles) expect(needle.length).toBeGreaterThan(20);
    for (const entry of readdirSync(home.data, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const name = path.slice(home.data.length + 1);
      if (!entry.isFile() || keyRegistry.some((key) => key.path === name)) continue;
      const content = readFileSync(path, 'latin1');
      for (const needle of needles) expect(content.includes(needle), name).toBe(false);
    }
  });

  it('of the spool changes by command; what was written before stays readable, also when the agent is killed meanwhile', async () => {
    const ids = async () => {
      const cat = await home.cli('spool', 'cat');
      expect([cat.status, cat.stderr]).toEqual([0, '']);
      return cat.stdout.split('\n').flatMap((line) => (line === '' ? [] : [String(JSON.parse(line).id)]));
    };
    const before = await ids();
    expect(before.length).toBeGreaterThan(0);
    const key = () => readFileSync(join(home.data, 'agent/spool.key'), 'utf8');
    const old = key();
    const rotated = JSON.parse((await home.cli('key', 'rotate', 'spool', '-o', 'json')).stdout);
    expect(rotated.older).toEqual([{ until: rotated.from - 1 }]);
    expect(key()).not.toBe(old);

    const { processes } = JSON.parse(readFileSync(join(home.data, 'state.json'), 'utf8'));
    const { pid } = processes.find(({ name }: { name: string }) => name === 'agent');
    const cut = home.cli('key', 'rotate', 'spool');
    process.kill(pid, 'SIGKILL');
    await cut;
    const done = await eventually(async () => {
      const again = await home.cli('key', 'rotate', 'spool', '-o', 'json');
      return again.status === 0 ? JSON.parse(again.stdout) : undefined;
    });
    expect(done.older.length).toBeGreaterThanOrEqual(2);
    await eventually(async () => {
      const { entries } = JSON.parse((await home.cli('audit', 'list', '--action', 'key.rotate', '-o', 'json')).stdout);
      return entries.some(({ subject }: { subject: string }) => subject.startsWith('spool ')) ? true : undefined;
    });
    const after = new Set(await ids());
    expect(before.filter((id) => !after.has(id))).toEqual([]);
    const refused = await home.cli('key', 'rotate', 'spool', '--finish', '-o', 'json');
    expect([refused.status, JSON.parse(refused.stdout).error.code]).toEqual([1, 'usage']);
  });
});
