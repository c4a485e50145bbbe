import { rename, writeFile } from 'node:fs/promises';
import { formatDocument } from '../../contract/index.js';
import { CliError, type Command, exitCode, flag } from '../command.js';
import { readText } from '../contract-files.js';

/** Prints one, replaces many, or with `--check` only says which would change: exit 2 then. */
export const command: Command = async (invocation) => {
  const { output, arguments: files } = invocation;
  const [write, check] = [flag(invocation, 'write'), flag(invocation, 'check')];
  if (write && check) throw new CliError('usage', '`--write` and `--check` exclude each other');
  if (!write && !check && files.length !== 1)
    throw new CliError('usage', 'one file is printed', { hint: 'several are replaced with --write' });
  const changed: string[] = [];
  let printed = '';
  for (const file of files) {
    const before = await readText(file);
    const after = formatDocument(before, file);
    printed = after;
    if (after === before) continue;
    changed.push(file);
    if (write) await replace(file, after);
  }
  output.result({ schemaVersion: 1, changed, ...(write || check ? {} : { text: printed }) }, () => {
    if (!write && !check) return printed;
    const verb = write ? 'written' : 'not in style';
    return changed.length === 0 ? 'nothing to change' : changed.map((file) => `${verb}: ${file}`).join('\n');
  });
  return check && changed.length > 0 ? exitCode.found : exitCode.done;
};

/** Whole or not at all. */
async function replace(file: string, content: string): Promise<void> {
  const draft = `${file}.tricordon-new`;
  await writeFile(draft, content, { flag: 'wx' });
  await rename(draft, file);
}
