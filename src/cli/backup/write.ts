/** Writes a backup: complete under its name, or not at all. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lstat, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { codeOf, isDiskFull, systemClock } from '../../base/index.js';
import {
  type ArchiveWriter,
  type BackupFacts,
  type BackupPart,
  inSnapshot,
  partName,
  sealTo,
  spoolInventory,
  writeArchive,
} from '../../store/index.js';
import { CliError } from '../command.js';
import { rootKeyFolder } from '../keys/root-key.js';
import { accountsOf, type DatabasePlace, withDatabase } from './cluster.js';
import { contentOf, filesBelow } from './files.js';

export interface BackupSource extends DatabasePlace {
  readonly instance: string;
  readonly version: string;
  /** Settings file, where there is one. */
  readonly settings: string | undefined;
}

export interface WrittenBackup {
  readonly path: string;
  readonly bytes: number;
  readonly facts: BackupFacts;
  readonly parts: readonly BackupPart[];
}

/** Written with every start: how to reach the database, and a token of all rights. */
const madeAnew = ['control.json', 'access.json'];
const unfinished = /^\.(.+)\.[0-9a-f]{12}\.unfinished$/;

/** @throws CliError, or what the parts throw; nothing is then left under `to` or beside it. */
export async function writeBackup(
  source: BackupSource,
  to: string,
  recipient: string,
  say: (line: string) => void,
): Promise<WrittenBackup> {
  const path = resolve(to);
  const folder = dirname(path);
  await sweep(folder, basename(path));
  const draft = join(folder, `.${basename(path)}.${randomBytes(6).toString('hex')}.unfinished`);
  const file = await open(draft, 'wx', 0o600).catch((cause: unknown) => {
    throw new CliError('refused', `\`${folder}\` cannot be written (${codeOf(cause) ?? 'unknown'})`, {
      cause,
      hint: 'choose a directory that exists and is yours with --to',
    });
  });
  try {
    // Before the rows: the signed head of the audit trail must not be younger than the trail.
    const accounts = await accountsOf(source.dataDir);
    const owner = accounts?.control.uid ?? process.getuid?.() ?? 0;
    const { keys, rootKeys } = await readKeys(source.dataDir, owner, accounts?.keys.uid ?? owner);
    const spool = join(source.dataDir, 'spool');
    // Before the rows, too: what it calls not shipped may have come since, and what it calls shipped is in the rows.
    const inventory = existsSync(spool) ? await spoolInventory(spool, systemClock.now()) : undefined;
    const done = await withDatabase(source, (connection) =>
      inSnapshot(connection, async (snapshot) => {
        const { instance, version } = source;
        const facts = { createdAt: systemClock.now(), version, schema: snapshot.schema, instance };
        const sealed = await sealTo(recipient, facts, file);
        const archive = writeArchive(sealed);
        for (const [name, content] of keys) await archive.part(partName('keys', name), content);
        for (const [name, content] of rootKeys) await archive.part(partName('settings', name), content);
        await archive.part(partName('settings', 'recovery.pub'), [Buffer.from(`${recipient}\n`)]);
        if (source.settings !== undefined)
          await archive.part(partName('settings', 'tricordon.yaml'), [await readFile(source.settings)]);
        if (inventory !== undefined)
          await archive.part(partName('spool', 'index.json'), [Buffer.from(`${JSON.stringify(inventory)}\n`)]);
        for (const table of snapshot.tables) {
          say(`table ${table}`);
          await archive.part(partName('database', table), snapshot.rows(table));
        }
        await archive.part(partName('database', '.sequences'), [await snapshot.sequences()]);
        await evidence(join(source.dataDir, 'evidence'), owner, archive, say);
        return { facts, parts: await archive.end() };
      }),
    );
    await file.sync();
    const { size } = await file.stat();
    await rename(draft, path);
    const directory = await open(folder);
    await directory.sync().finally(() => directory.close());
    return { path, bytes: size, ...done };
  } catch (error) {
    await rm(draft, { force: true });
    if (!isDiskFull(error)) throw error;
    throw new CliError('refused', `no space left for a backup in \`${folder}\``, {
      cause: error,
      hint: 'free some space',
    });
  } finally {
    await file.close();
  }
}

type Files = ReadonlyMap<string, readonly Buffer[]>;

/** Keys and the root key that they are sealed under: of one moment, also while that changes. */
async function readKeys(
  dataDir: string,
  owner: number,
  rootKeyOwner: number,
): Promise<{ readonly keys: Files; readonly rootKeys: Files }> {
  for (let attempt = 1; ; attempt += 1) {
    const rootKeys = await readFiles(join(dataDir, rootKeyFolder), rootKeyOwner);
    const keys = await readFiles(join(dataDir, 'keys'), owner);
    if (same(rootKeys, await readFiles(join(dataDir, rootKeyFolder), rootKeyOwner))) return { keys, rootKeys };
    if (attempt === 10)
      throw new CliError('refused', 'the root key changes again and again', { hint: 'back up when that has ended' });
  }
}

async function readFiles(place: string, owner: number): Promise<Files> {
  const found = new Map<string, readonly Buffer[]>();
  for (const name of existsSync(place) ? await filesBelow(place) : []) {
    // Drafts become files when they are whole.
    if (madeAnew.includes(name) || /(^|\/)\.|\.new$/.test(name)) continue;
    const pieces: Buffer[] = [];
    for await (const piece of contentOf(join(place, name), owner)) pieces.push(piece);
    found.set(name, pieces);
  }
  return found;
}

function same(some: Files, others: Files): boolean {
  const told = (files: Files) => JSON.stringify([...files].map(([name, pieces]) => [name, pieces.join('')]));
  return told(some) === told(others);
}

/** After the rows: what they name is sealed and does not change any more. */
async function evidence(
  place: string,
  owner: number,
  archive: ArchiveWriter,
  say: (line: string) => void,
): Promise<void> {
  for (const name of await filesBelow(place)) {
    if (name.startsWith('.incoming/')) continue;
    say(`evidence ${name}`);
    await archive.part(partName('evidence', name), contentOf(join(place, name), owner));
  }
}

/** What a run that was killed left beside the same name. */
async function sweep(folder: string, name: string): Promise<void> {
  for (const entry of await readdir(folder).catch((): string[] => [])) {
    if (unfinished.exec(entry)?.[1] !== name) continue;
    const facts = await lstat(join(folder, entry));
    if (facts.isFile() && facts.uid === process.getuid?.()) await rm(join(folder, entry), { force: true });
  }
}
