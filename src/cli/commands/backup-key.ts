import { rmSync, writeFileSync } from 'node:fs';
import { codeOf } from '../../base/index.js';
import { makeRecoveryKey } from '../../store/index.js';
import { keepRecipient } from '../backup/recovery-file.js';
import { CliError, type Command, exitCode, flag, text } from '../command.js';
import { locate } from '../installation.js';

/** The private part goes to a file of its own, once; what stays here only seals. */
export const command: Command = async (invocation) => {
  const out = text(invocation, 'out');
  if (out === undefined)
    throw new CliError('usage', 'where should the recovery key be written?', {
      hint: '--out FILE; then move that file away from this host',
    });
  const { dataDir } = locate(invocation);
  const { secret, recipient } = makeRecoveryKey();
  try {
    writeFileSync(out, `${secret}\n`, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    throw new CliError('refused', `\`${out}\` cannot be written (${codeOf(cause) ?? 'unknown'})`, {
      cause,
      hint: 'name a file that does not exist yet, in a directory that does',
    });
  }
  try {
    keepRecipient(dataDir, recipient, flag(invocation, 'replace'));
  } catch (error) {
    rmSync(out, { force: true });
    throw error;
  }
  invocation.output.result(
    { schemaVersion: 1, key: out, recipient },
    () =>
      `the recovery key is in ${out}: move it away from this host, and keep it. Without it no backup opens; whoever has it opens all of them.`,
  );
  return exitCode.done;
};
