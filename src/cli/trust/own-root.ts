/** The roots that are meant: of the installation here, or of the control plane that one signed in to. Two while the root changes. */
import { join } from 'node:path';
import { codeOf, openPlainFile } from '../../base/index.js';
import { CliError, type Invocation } from '../command.js';
import { locate } from '../installation.js';
import { signedIn } from '../signed-in.js';
import { certificatesIn } from './host-store.js';

const largest = 65_536;

/** PEM, the one that signs first. @throws CliError `prerequisite` when there is neither */
export async function ownRoots(invocation: Invocation): Promise<readonly [string, ...string[]]> {
  const { dataDir } = locate(invocation);
  const place = (name: string) => contentOf(join(dataDir, 'keys/ca', `${name}.crt.pem`));
  const here = await place('root');
  if (here !== undefined) {
    const others = await Promise.all(['next-root', 'old-root'].map(place));
    return [here, ...others.filter((root) => root !== undefined)];
  }
  const [root, ...others] = certificatesIn(signedIn()?.ca ?? '');
  if (root !== undefined) return [root, ...others];
  throw new CliError('prerequisite', `there is no installation in \`${dataDir}\`, and nobody signed in here`, {
    hint: 'name it with --data-dir, or `tricordon login` first: it checks the fingerprint',
  });
}

/** Of an account that is not ours, perhaps: nothing is followed or waited for. */
async function contentOf(path: string): Promise<string | undefined> {
  try {
    const { file, facts } = await openPlainFile(path);
    try {
      return facts.size > largest ? '' : await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(cause) ?? '')) return undefined;
    throw new CliError('refused', `\`${path}\` cannot be read (${codeOf(cause) ?? 'unknown'})`, {
      cause,
      hint: 'use sudo',
    });
  }
}
