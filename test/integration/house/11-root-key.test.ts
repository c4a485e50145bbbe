/** The keys of a real installation lie sealed under a root key that no process of it can read; it changes while they run. */
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { accountNamed, commandLineOf, exec } from '../../../src/base/index.js';
import { keyPurposes, openKeyText, rootKeyStore, sealedUnder } from '../../../src/identity/index.js';
import { requires } from '../../requires.js';
import {
  asRoot,
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
} from './support.js';

const it = await requires('root', 'nftables', 'iproute2', 'postgresql');
const ready = process.getuid?.() === 0 && it !== it.skip;

const sealedFiles = {
  authority: 'keys/ca/root.key.pem',
  evidence: 'keys/ca/evidence.key.pem',
  people: 'keys/ca/people.key',
  console: 'keys/ca/console.pem',
  spool: 'agent/spool.key',
  host: 'agent/identity.json',
} as const;

describe('the keys of an installation, under its root key', () => {
  const passphrase = 'planted passphrase of the root key';
  const before = ourAccounts();
  let directory = '';
  let home: House;
  let up: Running;
  let rootKey = '';
  let keys: Record<keyof typeof sealedFiles, string>;

  beforeAll(async () => {
    if (!ready) return;
    directory = roomy();
    home = house(asRoot(), directory);
    rootKey = join(home.data, 'root-key/root.key');
    up = await home.up();
    keys = opened();
  });
  afterAll(async () => {
    if (!ready) return;
    const purged = await home.purge();
    await up.done;
    expect(purged.status, purged.stdout + purged.stderr).toBe(0);
    expect(await leftOf(directory, home.instance())).toEqual([]);
    expect(ourAccounts()).toEqual(before);
    remove(directory);
  });

  it('are read by neither account of ours, nor by whoever copies all files but the root key', async () => {
    for (const [name, file] of [
      ['tricordon', sealedFiles.people],
      ['tricordon-agent', sealedFiles.spool],
    ] as const) {
      const account = accountNamed(name);
      if (account === undefined) throw new Error(`no account ${name}`);
      const asThem = (path: string) => exec('cat', [path], { uid: account.uid, gid: account.gid });
      const denied = await asThem(rootKey);
      expect([name, denied.status, denied.stdout]).toEqual([name, 1, '']);
      expect(denied.stderr).toContain('Permission denied');
      const own = await asThem(join(home.data, file));
      expect([name, sealedUnder(own.stdout)?.rootId]).toEqual([name, rootIds()[0]]);
    }
    expect(statSync(rootKey)).toMatchObject({ uid: accountNamed('tricordon-keys')?.uid });
    expect(readable()).toEqual([]);
  });

  it('reach their processes through no argument, environment or file', () => {
    const secrets = subkeys().flatMap(({ key }) => [
      key.toString('base64'),
      key.toString('base64url'),
      key.toString('hex'),
    ]);
    const texts = readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid) && (commandLineOf(Number(pid)) ?? []).join(' ').includes(home.data))
      .map((pid) => `${(commandLineOf(Number(pid)) ?? []).join(' ')}\n${content(`/proc/${pid}/environ`)}`);
    expect(texts.filter((text) => text.includes('--keys 4')).length).toBe(2);
    const files = filesOf(home.data).concat(filesOf(home.runtime)).map(content);
    for (const text of [...texts, ...files]) for (const secret of secrets) expect(text.includes(secret)).toBe(false);
  });

  it('stay the same when the root key is changed while they work, also when that was killed half way', async () => {
    const [first] = rootIds();
    const { fingerprint } = await home.json<{ fingerprint: string }>('status');
    const killed = start(home.runner, ['key', 'rotate', 'root', '--data-dir', home.data]);
    await eventually(() => (rootIds().length === 2 ? true : undefined));
    killed.child.kill('SIGKILL');
    await killed.done;
    const done = await home.cli('key', 'rotate', 'root', '-o', 'json');
    expect(done.status, done.stderr).toBe(0);
    const said = JSON.parse(done.stdout);
    expect(said).toMatchObject({ rootKey: rootIds()[0], before: first, sealed: 6, left: [] });
    expect(rootIds()).toEqual([expect.not.stringContaining(String(first))]);
    expect(opened()).toEqual(keys);
    expect(readable()).toEqual([]);
    const status = await eventually(async () => {
      const answer = await home.cli('status', '-o', 'json');
      return answer.status === 0 ? JSON.parse(answer.stdout) : undefined;
    });
    expect(status.fingerprint).toBe(fingerprint);
    const told = JSON.parse((await home.cli('audit', 'list', '--subject', 'root', '-o', 'json')).stdout);
    expect(told.entries).toMatchObject([{ action: 'key.rotate', detail: { from: first, to: rootIds()[0] } }]);
    expect((await home.cli('spool', 'cat')).stdout).toContain('"kind":"sensor"');
    expect((await home.cli('key', 'list')).status).toBe(0);
  });

  it('keep it from starting without their root key, or with another one, and none is made in its place', async () => {
    expect((await home.cli('down')).status).toBe(0);
    await up.done;
    refused(await home.cli('key', 'rotate', 'root'), /nothing runs here/);
    const [id = ''] = rootIds();
    const away = join(directory, 'away');
    renameSync(rootKey, away);
    refused(await tried(), new RegExp(`sealed under root key ${id}, and there is none`));
    expect(readdirSync(join(home.data, 'root-key'))).toEqual([]);
    store().make();
    refused(await tried(), new RegExp(`sealed under root key ${id}, and here is ${rootIds()[0]}`));
    rmSync(rootKey);
    renameSync(away, rootKey);
    chmodSync(rootKey, 0o444);
    refused(await tried(), /is open to others \(mode 444\)/);
    chmodSync(rootKey, 0o600);
    const whole = readFileSync(rootKey, 'latin1');
    writeFileSync(rootKey, whole.replace(/.{5}\n$/, 'AAAAA\n'));
    refused(await tried(), /root\.key` was changed/);
    writeFileSync(rootKey, whole);
    chmodSync(rootKey, 0o400);
    expect(opened()).toEqual(keys);
  });

  it('that lay plain before are sealed by the next start, under a passphrase where one is set', async () => {
    for (const [purpose, file] of Object.entries(sealedFiles)) {
      const path = join(home.data, file);
      const plain = keys[purpose as keyof typeof sealedFiles];
      const json = file.endsWith('.json') ? JSON.parse(content(path)) : undefined;
      writeFileSync(
        path,
        json === undefined
          ? content(path).replace(/^tricordon-sealed-key .+\n/, plain)
          : JSON.stringify({ ...json, keyPem: plain }),
      );
    }
    // As the first version wrote it.
    writeFileSync(join(home.data, sealedFiles.spool), Buffer.from(keys.spool, 'base64'));
    rmSync(join(home.data, 'root-key'), { recursive: true });
    expect(readable().length).toBeGreaterThan(5);
    const file = join(directory, 'passphrase');
    writeFileSync(file, `${passphrase}\n`, { mode: 0o600 });
    writeFileSync(home.config, `${readFileSync(home.config, 'utf8')}identity: { passphraseFile: passphrase }\n`);
    up = await home.up();
    expect(opened(passphrase)).toEqual(keys);
    expect(readable()).toEqual([]);
    expect(content(rootKey)).toMatch(/^tricordon-root-key v1 \S+ scrypt /);
    expect((await home.cli('spool', 'cat', '--config', home.config)).stdout).toContain('"kind":"sensor"');
    refused(await home.cli('spool', 'cat'), /is protected and no passphrase was given/);
  });

  function store(withPassphrase?: string) {
    const owner = accountNamed('tricordon-keys');
    return rootKeyStore({
      directory: join(home.data, 'root-key'),
      ...(owner === undefined ? {} : { owner }),
      ...(withPassphrase === undefined ? {} : { passphrase: withPassphrase }),
    });
  }

  function rootIds(): readonly string[] {
    return store().ids();
  }

  function subkeys(withPassphrase?: string) {
    return store(withPassphrase).subkeys(keyPurposes);
  }

  /** Every key as it is. */
  function opened(withPassphrase?: string): typeof keys {
    const all = subkeys(withPassphrase);
    const entries = keyPurposes.map((purpose) => {
      const name = sealedFiles[purpose];
      const sealed = /tricordon-sealed-key v1 [0-9a-f]{16} \S+ [\w-]+/.exec(content(join(home.data, name)))?.[0] ?? '';
      const place = { directory: home.data, name, purpose, subkeys: all };
      expect([name, sealedUnder(sealed)?.rootId]).toEqual([name, all[0]?.rootId]);
      return [purpose, openKeyText(place, sealed).text];
    });
    return Object.fromEntries(entries);
  }

  /** Files with a key in it, as it is, apart from the root key’s. */
  function readable(): string[] {
    const needles = keyPurposes.flatMap((purpose) => {
      const text = keys[purpose];
      const body = text.startsWith('-----') ? (text.split('\n')[1] ?? '') : text.trim();
      return [body, Buffer.from(body, 'base64').toString('latin1')];
    });
    for (const needle of needles) expect(needle.length).toBeGreaterThan(20);
    return filesOf(home.data).filter((path) => {
      if (path.includes('/root-key/') || path.includes('/postgres/') || path.includes('/program/')) return false;
      const text = content(path);
      return text.includes('PRIVATE KEY') || needles.some((needle) => text.includes(needle));
    });
  }

  function tried(): Promise<Done> {
    return home.cli('up', '--config', home.config, '--runtime-dir', home.runtime);
  }
});

function filesOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function content(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // ended or gone meanwhile
  }
}

function refused(done: Done, why: RegExp): void {
  expect([done.status, done.stderr]).toEqual([expect.toSatisfy((status) => status !== 0), expect.stringMatching(why)]);
  expect(done.stderr).not.toMatch(/\n\s+at .+:\d+|node:internal/);
}
