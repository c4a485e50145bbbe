import { mkdtemp, rm } from 'node:fs/promises';
import { chmodSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '../../base/index.js';
import { discard, restoreBackup } from '../backup/read.js';
import { keysTold, spoolTold } from '../backup/told.js';
import { CliError, type Command, exitCode, text } from '../command.js';

/** Restores it into a place of its own with a database of its own, checks that, and removes it again. */
export const command: Command = async (invocation) => {
  const [path] = invocation.arguments;
  const keyFile = text(invocation, 'key');
  if (path === undefined || keyFile === undefined)
    throw new CliError('usage', 'which backup, and which recovery key?', {
      hint: 'tricordon backup drill FILE --key FILE',
    });
  const place = await mkdtemp(join(tmpdir(), 'tricordon-drill-'));
  try {
    // PostgreSQL's account must get through.
    if (process.getuid?.() === 0) chmodSync(place, 0o711);
    const dataDir = join(place, 'd');
    const done = await restoreBackup(
      { path, keyFile, dataDir, url: undefined, passphrase: passphraseIn(text(invocation, 'passphraseFile')) },
      invocation.output.progress,
    );
    const { facts, parts, rows, audit, keys, spool } = done;
    invocation.output.result(
      { schemaVersion: 1, path, ...facts, parts: parts.length, rows, auditEntries: audit.entries, keys, spool },
      () =>
        [
          `${path} is good: ${parts.length} parts and ${rows} rows were restored, and the audit trail of ${audit.entries} entries is unbroken; nothing of it is left here`,
          keysTold(done),
          spoolTold(done),
        ].join('\n'),
    );
    return exitCode.done;
  } finally {
    await discard(join(place, 'd'));
    await rm(place, { recursive: true, force: true });
  }
};

function passphraseIn(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new CliError('usage', `the passphrase file \`${path}\` cannot be read (${codeOf(cause) ?? 'unknown'})`, {
      cause,
      hint: 'give a copy of the file of identity.passphraseFile',
    });
  }
}
