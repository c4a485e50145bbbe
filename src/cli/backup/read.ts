/** Reads a backup: to verify it, and to put it in place on an empty host. */
import { randomBytes } from 'node:crypto';
import { chownSync, constants, existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { chmod, lstat, mkdir, mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { type Accounts, removeAccounts } from '../../agent/index.js';
import { type Account, codeOf, systemClock } from '../../base/index.js';
import { olderRootKeyFile, rootKeyFile, type RootKeyStore, rootKeyStore } from '../../identity/index.js';
import {
  type BackupFacts,
  type BackupPart,
  holdsTogether,
  intoEmpty,
  openSealed,
  openStore,
  pathOfPart,
  readArchive,
  readRecoverySecret,
  SpoolInventory,
  stopCluster,
} from '../../store/index.js';
import { CliError } from '../command.js';
import { requireRootKey, rootKeyFolder } from '../keys/root-key.js';
import { accountsOf, withDatabase } from './cluster.js';
import { proveKeys } from './key-proof.js';

export interface ReadBackup {
  readonly facts: BackupFacts;
  readonly parts: readonly BackupPart[];
}

export interface Restored extends ReadBackup {
  readonly dataDir: string;
  readonly rows: number;
  readonly audit: { readonly entries: number };
  /** That were opened with the root key; null: it is under a passphrase, and none was given. */
  readonly keys: number | null;
  /** Of the host that the backup is of; null: no agent ran there, or the backup is of an older version. */
  readonly spool: SpoolInventory | null;
}

const openReadOnly = constants.O_RDONLY | constants.O_NONBLOCK;
const stagingEnd = '.restoring';
const restoredInventory = 'restored-spool-index.json';

type Take = (name: string, content: AsyncIterable<Buffer>) => Promise<void>;

/** Opens and reads all of it. @throws StoreError `no-backup`, `recovery-key`, `tampered`, `malformed` */
export async function readBackup(path: string, keyFile: string, take: Take = drain): Promise<ReadBackup> {
  const secret = readRecoverySecret(
    await readFile(keyFile, 'utf8').catch((cause: unknown) => cannotRead(keyFile, cause)),
  );
  // Without O_NONBLOCK a FIFO would be waited for, without end.
  const file = await open(path, openReadOnly).catch((cause: unknown) => cannotRead(path, cause));
  try {
    const sealed = await openSealed(file, secret);
    return { facts: sealed.facts, parts: await readArchive(sealed, take) };
  } finally {
    await file.close();
  }
}

/**
 * Restores into a directory that is empty or not there: all of it is verified first, made beside it, and moved into place
 * as the last step. Killed at any point, nothing stands under its name and it can be run again.
 *
 * @param url `database.url`, whose database must then be empty; else a private cluster is made
 */
export async function restoreBackup(
  given: {
    readonly path: string;
    readonly keyFile: string;
    readonly dataDir: string;
    readonly url: string | undefined;
    /** Of the root key, to prove that the keys open. */
    readonly passphrase?: string | undefined;
  },
  say: (line: string) => void,
): Promise<Restored> {
  const dataDir = resolve(given.dataDir);
  mustBeEmpty(dataDir);
  say('verifying the backup');
  const { facts } = await readBackup(given.path, given.keyFile);
  mkdirSync(dirname(dataDir), { recursive: true });
  await sweep(dataDir);
  const staging = join(dirname(dataDir), `.${basename(dataDir)}.${randomBytes(6).toString('hex')}${stagingEnd}`);
  await mkdir(staging, { mode: 0o711 });
  const runtimeDir = await mkdtemp(join(tmpdir(), 'tricordon-'));
  try {
    const root = process.getuid?.() === 0;
    await chmod(staging, root ? 0o711 : 0o700);
    const accounts = await accountsOf(staging);
    const account = accounts?.control;
    writeFileSync(join(staging, 'instance'), facts.instance, { mode: 0o644 });
    for (const place of ['keys', 'evidence']) makeOwn(join(staging, place), account);
    mkdirSync(join(staging, 'log'), { mode: root ? 0o711 : 0o700 });
    const done = await withDatabase({ dataDir: staging, runtimeDir, url: given.url }, async (connection) => {
      let rows = 0;
      let spool: SpoolInventory | null = null;
      const { parts } = await intoEmpty(connection, facts.schema, (loader) =>
        readBackup(given.path, given.keyFile, async (name, content) => {
          const { place, path } = pathOfPart(name);
          if (place === 'database' && path === '.sequences') {
            // Written behind all tables.
            await loader.sequences(content);
            await loader.evidenceIn(join(dataDir, 'evidence'));
          } else if (place === 'database') {
            say(`table ${path}`);
            rows += await loader.rows(path, content);
          } else if (place === 'settings' && (path === rootKeyFile || path === olderRootKeyFile)) {
            const folder = join(staging, rootKeyFolder);
            if (!existsSync(folder)) makeOwn(folder, accounts?.keys);
            await writeOwn(folder, path, content, accounts?.keys, 0o400);
          } else if (place === 'spool') {
            spool = await readInventory(content);
            await writeFile(join(staging, restoredInventory), `${JSON.stringify(spool)}\n`, { mode: 0o600 });
          } else if (place === 'settings') {
            const name = path === 'recovery.pub' ? path : 'restored-tricordon.yaml';
            await writeFile(join(staging, name), content, { mode: 0o600 });
          } else await writeOwn(join(staging, place), path, content, account);
        }),
      );
      const rootKey = restoredRootKey(staging, accounts, given.passphrase);
      await requireRootKey(staging, rootKey);
      say('opening the keys');
      const keys = await proveKeys(staging, rootKey, given.passphrase !== undefined);
      say('checking the audit trail');
      const store = await openStore(connection, { clock: systemClock, poolSize: 2 });
      try {
        const verdict = await store.audit.verify();
        if (!verdict.ok)
          throw new CliError('refused', 'the audit trail in this backup is broken', { hint: 'use another backup' });
        return { parts, rows, entries: verdict.length, keys, spool };
      } finally {
        await store.close();
      }
    });
    if (existsSync(dataDir)) rmdirSync(dataDir);
    await rename(staging, dataDir);
    const { parts, rows, entries, keys, spool } = done;
    return { facts, parts, dataDir, rows, audit: { entries }, keys, spool };
  } finally {
    await discard(staging);
    await rm(runtimeDir, { recursive: true, force: true });
  }
}

function restoredRootKey(
  dataDir: string,
  accounts: Accounts | undefined,
  passphrase: string | undefined,
): RootKeyStore {
  return rootKeyStore({
    directory: join(dataDir, rootKeyFolder),
    ...(accounts === undefined ? {} : { owner: accounts.keys }),
    ...(passphrase === undefined ? {} : { passphrase }),
  });
}

async function readInventory(content: AsyncIterable<Buffer>): Promise<SpoolInventory> {
  const pieces: Buffer[] = [];
  for await (const piece of content) pieces.push(piece);
  let inventory: SpoolInventory | undefined;
  try {
    inventory = SpoolInventory.parse(JSON.parse(Buffer.concat(pieces).toString('utf8')));
  } catch {
    // said below
  }
  if (inventory === undefined || !holdsTogether(inventory))
    throw new CliError('refused', 'the index of the spool in this backup does not hold together', {
      hint: 'use another backup',
    });
  return inventory;
}

async function drain(_name: string, content: AsyncIterable<Buffer>): Promise<void> {
  for await (const _piece of content); // read for its hash alone
}

function cannotRead(path: string, cause: unknown): never {
  throw new CliError('refused', `\`${path}\` cannot be read (${codeOf(cause) ?? 'unknown'})`, {
    cause,
    hint: 'is the name right, and is it yours to read?',
  });
}

function mustBeEmpty(dataDir: string): void {
  let entries: string[] = [];
  try {
    entries = readdirSync(dataDir);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') cannotRead(dataDir, error);
  }
  if (entries.length > 0)
    throw new CliError('refused', `\`${dataDir}\` is not empty`, {
      hint: 'restore into a new directory with --data-dir, or move the old one away',
    });
}

/** What a restore that was killed left beside the same name. */
async function sweep(dataDir: string): Promise<void> {
  const folder = dirname(dataDir);
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(`.${basename(dataDir)}.`) || !/\.[0-9a-f]{12}\.restoring$/.test(name)) continue;
    const facts = await lstat(join(folder, name));
    // What it says is acted upon: processes are ended and accounts removed.
    if (!facts.isDirectory() || facts.uid !== process.getuid?.()) continue;
    // Its PostgreSQL may have outlived it.
    await stopCluster(join(folder, name));
    await discard(join(folder, name));
  }
}

/** A directory that is no installation, or is none any more, with the accounts that were made for it. */
export async function discard(directory: string): Promise<void> {
  await removeAccounts(directory);
  await rm(directory, { recursive: true, force: true });
}

function makeOwn(path: string, account: Account | undefined): void {
  mkdirSync(path, { mode: 0o700 });
  if (account !== undefined) chownSync(path, account.uid, account.gid);
}

async function writeOwn(
  place: string,
  path: string,
  content: AsyncIterable<Buffer>,
  account: Account | undefined,
  mode = 0o600,
): Promise<void> {
  const segments = path.split('/');
  for (let depth = 1; depth < segments.length; depth += 1) {
    const folder = join(place, ...segments.slice(0, depth));
    if (!existsSync(folder)) makeOwn(folder, account);
  }
  const file = await open(join(place, path), 'wx', mode);
  try {
    for await (const piece of content) await file.writeFile(piece);
    if (account !== undefined) await file.chown(account.uid, account.gid);
    await file.sync();
  } finally {
    await file.close();
  }
}
