/** The root key of an installation, and which of its keys are sealed under which one. */
import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Account, accountNamed, codeOf, openPlainFile } from '../../base/index.js';
import { type RootKeyStore, rootKeyStore, sealedUnder } from '../../identity/index.js';
import { CliError } from '../command.js';
import type { Installation } from '../installation.js';

export const rootKeyFolder = 'root-key';
/** Where sealed keys lie. */
const sealedFolders = ['keys/ca', 'agent'] as const;
/** Far more than a sealed key takes with what stands beside it. */
const largest = 65_536;

export interface SealedKey {
  /** Relative to the data directory. */
  readonly path: string;
  readonly rootId: string;
}

type Place = Pick<Installation, 'dataDir' | 'configuration' | 'base'>;

/** @param account whose it is; undefined: ours */
export function rootKeyOf(place: Place, account: Account | undefined): RootKeyStore {
  const passphrase = passphraseOf(place);
  return rootKeyStore({
    directory: join(place.dataDir, rootKeyFolder),
    ...(account === undefined ? {} : { owner: account }),
    ...(passphrase === undefined ? {} : { passphrase }),
  });
}

/** Of an installation that is there already. @throws CliError `prerequisite` where it has no root key yet */
export function rootKeyThere(installation: Installation): RootKeyStore {
  const { dataDir, rootMode } = installation;
  if (!existsSync(join(dataDir, rootKeyFolder)))
    throw new CliError('prerequisite', `there is no root key in \`${dataDir}\``, {
      hint: 'name the installation with --data-dir; one of an older version gets it with its next `tricordon up`',
    });
  return rootKeyOf(installation, rootMode ? accountNamed('tricordon-keys') : undefined);
}

/** Made with the first start. @throws CliError `refused` where keys are sealed under a root key that is not there */
export async function openRootKey(place: Place, account: Account | undefined): Promise<RootKeyStore> {
  const store = rootKeyOf(place, account);
  await requireRootKey(place.dataDir, store);
  if (store.ids().length === 0) store.make();
  else store.keep();
  return store;
}

/** @throws CliError `refused` where keys are sealed under a root key that is not there */
export async function requireRootKey(dataDir: string, store: RootKeyStore): Promise<void> {
  const sealed = await sealedKeys(dataDir);
  if (sealed.length === 0) return;
  const ids = store.ids();
  const stranger = sealed.find(({ rootId }) => !ids.includes(rootId));
  if (stranger === undefined) return;
  throw new CliError(
    'refused',
    `\`${stranger.path}\` is sealed under root key ${stranger.rootId}, and ${ids.length === 0 ? 'there is none' : `here is ${ids.join(' and ')}`}`,
    { hint: `put back the directory \`${rootKeyFolder}\` that belongs to it, or restore a backup` },
  );
}

/** The older root key goes once nothing is sealed under it. What still is: */
export async function endRootChange(
  { dataDir }: Pick<Installation, 'dataDir'>,
  store: RootKeyStore,
): Promise<readonly SealedKey[]> {
  const [, older] = store.ids();
  if (older === undefined) return [];
  const left = (await sealedKeys(dataDir)).filter(({ rootId }) => rootId === older);
  if (left.length === 0) store.endChange();
  return left;
}

/** Read as files of accounts that may be in other hands: what is no regular file is none of ours. */
export async function sealedKeys(dataDir: string): Promise<readonly SealedKey[]> {
  const found: SealedKey[] = [];
  for (const folder of sealedFolders) {
    for (const name of await namesIn(join(dataDir, folder))) {
      const path = `${folder}/${name}`;
      const rootId = rootIdIn(await textOf(join(dataDir, path)));
      if (rootId !== undefined) found.push({ path, rootId });
    }
  }
  return found;
}

/** In a file of its own, before a certificate, or as a value in JSON. */
function rootIdIn(text: string): string | undefined {
  const written = /tricordon-sealed-key v1 [0-9a-f]{16} [a-z]+ [\w-]+/.exec(text)?.[0];
  return written === undefined ? undefined : sealedUnder(written)?.rootId;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    // Drafts are no keys yet.
    return entries.flatMap((entry) => (entry.isFile() && !/^\.|\.new$/.test(entry.name) ? [entry.name] : [])).sort();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

async function textOf(path: string): Promise<string> {
  try {
    const { file, facts } = await openPlainFile(path);
    try {
      return facts.size > largest ? '' : await file.readFile('latin1');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ELOOP' || codeOf(error) === 'ENOTREG') return '';
    throw error;
  }
}

/** The control plane's own need of the passphrase: keys that were encrypted with it before there was a root key. */
export async function passphraseForOldKeys({ dataDir, configuration, base }: Place): Promise<string | null> {
  const { passphraseFile } = configuration.identity;
  if (passphraseFile === undefined) return null;
  for (const name of ['root.key.pem', 'evidence.key.pem'])
    if ((await textOf(join(dataDir, 'keys/ca', name))).includes('BEGIN ENCRYPTED PRIVATE KEY'))
      return resolve(base, passphraseFile);
  return null;
}

function passphraseOf({ configuration, base }: Place): string | undefined {
  const { passphraseFile } = configuration.identity;
  if (passphraseFile === undefined) return undefined;
  const path = resolve(base, passphraseFile);
  let passphrase: string;
  try {
    passphrase = readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new CliError(
      'prerequisite',
      `the passphrase file \`${path}\` cannot be read (${codeOf(cause) ?? 'unknown'})`,
      {
        cause,
        hint: 'see identity.passphraseFile',
      },
    );
  }
  if (passphrase === '')
    throw new CliError('prerequisite', `the passphrase file \`${path}\` is empty`, {
      hint: 'see identity.passphraseFile',
    });
  return passphrase;
}
