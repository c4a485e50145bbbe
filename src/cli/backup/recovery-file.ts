/** The public part of the recovery key, kept in the data directory: it seals, and opens nothing. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../../base/index.js';
import { readRecipient } from '../../store/index.js';
import { CliError } from '../command.js';

function place(dataDir: string): string {
  return join(dataDir, 'recovery.pub');
}

/** @throws CliError `prerequisite` when no recovery key was made; StoreError `recovery-key` */
export function recipientOf(dataDir: string): string {
  try {
    const line = readFileSync(place(dataDir), 'utf8').trim();
    readRecipient(line);
    return line;
  } catch (cause) {
    if (codeOf(cause) !== 'ENOENT') throw cause;
    throw new CliError('prerequisite', 'there is no recovery key to seal a backup to', {
      cause,
      hint: 'make one, and keep it away from this host: tricordon backup key --out FILE',
    });
  }
}

/** @throws CliError `refused` when there is one and `replace` is not set: backups sealed to it need its other part. */
export function keepRecipient(dataDir: string, recipient: string, replace: boolean): void {
  try {
    writeFileSync(place(dataDir), `${recipient}\n`, { mode: 0o644, flag: replace ? 'w' : 'wx' });
  } catch (cause) {
    const there = codeOf(cause) === 'EEXIST';
    throw new CliError(
      'refused',
      there
        ? 'there is a recovery key already'
        : `\`${place(dataDir)}\` cannot be written (${codeOf(cause) ?? 'unknown'})`,
      {
        cause,
        hint: there
          ? '--replace makes another one; backups made before still need the old one'
          : 'is there an installation in this directory? `tricordon up` makes one',
      },
    );
  }
}
