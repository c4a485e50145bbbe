/** Whether the root key is there, and seals what it should. */
import { join } from 'node:path';
import { codeOf, messageOf, TricordonError } from '../base/index.js';
import { rootKeyStore } from '../identity/index.js';
import type { CertificateCheck } from './certificate-checks.js';
import { rootKeyFolder, sealedKeys } from './keys/root-key.js';

/** Nothing where no key is sealed. @param owner whose the root key is; undefined: ours */
export async function rootKeyChecks(
  dataDir: string,
  owner: { readonly uid: number; readonly gid: number } | undefined,
): Promise<CertificateCheck[]> {
  const about = { name: 'root-key', category: 'keys', title: 'root key', notAfter: null } as const;
  try {
    const sealed = await sealedKeys(dataDir);
    if (sealed.length === 0) return [];
    const directory = join(dataDir, rootKeyFolder);
    const [current, older] = rootKeyStore({ directory, ...(owner === undefined ? {} : { owner }) }).ids();
    const strangers = sealed.filter(({ rootId }) => rootId !== current && rootId !== older);
    if (strangers.length > 0)
      return [
        {
          ...about,
          status: 'fail',
          detail: `${strangers.map(({ path }) => path).join(', ')} cannot be opened by it`,
          fix: `put back the directory \`${rootKeyFolder}\` that belongs to them, or restore a backup`,
        },
      ];
    if (older !== undefined)
      return [
        {
          ...about,
          status: 'warn',
          detail: `its change has not ended: ${older} is still there`,
          fix: 'tricordon key rotate root',
        },
      ];
    return [{ ...about, status: 'ok', detail: `${sealed.length} keys are sealed under ${current}` }];
  } catch (error) {
    if (codeOf(error) === 'EACCES') return [{ ...about, status: 'warn', detail: 'cannot be read', fix: 'use sudo' }];
    const fix = error instanceof TricordonError ? error.hint : undefined;
    return [{ ...about, status: 'fail', detail: messageOf(error), ...(fix === undefined ? {} : { fix }) }];
  }
}
