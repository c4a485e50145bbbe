/** Whether the keys of a restored installation are of use: each opens with the root key, and is what it should be. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../base/index.js';
import { keyPurposes, openKeyText, type RootKeyStore, sealedUnder } from '../../identity/index.js';
import { CliError } from '../command.js';
import { sealedKeys } from '../keys/root-key.js';

const written = /tricordon-sealed-key v1 [0-9a-f]{16} [a-z]+ [\w-]+/;

/**
 * How many keys were opened; null: the root key is under a passphrase, and none was given. The files were just made by us:
 * nobody else writes there.
 *
 * @throws CliError `refused` for one that does not fit the certificate beside it; IdentityError for one that does not open
 */
export async function proveKeys(dataDir: string, store: RootKeyStore, withPassphrase: boolean): Promise<number | null> {
  const sealed = await sealedKeys(dataDir);
  if (sealed.length === 0) return 0;
  let subkeys: ReturnType<typeof store.subkeys>;
  try {
    subkeys = store.subkeys(keyPurposes);
  } catch (error) {
    if (!withPassphrase && codeOf(error) === 'ca-passphrase-wrong') return null;
    throw error;
  }
  for (const { path } of sealed) {
    const text = written.exec(await readFile(join(dataDir, path), 'latin1'))?.[0] ?? '';
    const purpose = keyPurposes.find((known) => known === sealedUnder(text)?.purpose);
    if (purpose === undefined) throw unfit(path, 'is not sealed as keys are');
    const key = openKeyText({ directory: dataDir, name: path, purpose, subkeys }, text).text;
    const certificate = certificateBeside(path);
    if (certificate === undefined) continue;
    const leaf = new X509Certificate(await readFile(join(dataDir, certificate)));
    if (!leaf.checkPrivateKey(createPrivateKey(key))) throw unfit(path, `does not fit \`${certificate}\``);
  }
  return sealed.length;
}

function certificateBeside(path: string): string | undefined {
  return path.endsWith('root.key.pem') ? path.replace(/\.key\.pem$/, '.crt.pem') : undefined;
}

function unfit(path: string, what: string): CliError {
  return new CliError('refused', `\`${path}\` in this backup ${what}`, { hint: 'use another backup' });
}
