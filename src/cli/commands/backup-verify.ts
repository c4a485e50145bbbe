import { readBackup } from '../backup/read.js';
import { CliError, type Command, exitCode, text } from '../command.js';

/** Opens all of it and compares it with its manifest; `backup drill` also restores it. */
export const command: Command = async (invocation) => {
  const [path] = invocation.arguments;
  const key = text(invocation, 'key');
  if (path === undefined || key === undefined)
    throw new CliError('usage', 'which backup, and which recovery key?', {
      hint: 'tricordon backup verify FILE --key FILE',
    });
  const { facts, parts } = await readBackup(path, key);
  invocation.output.result(
    { schemaVersion: 1, path, ...facts, parts },
    () =>
      `${path}: whole and unchanged; ${parts.length} parts of installation ${facts.instance}, made ${new Date(facts.createdAt).toISOString()} by ${facts.version}, schema ${facts.schema}`,
  );
  return exitCode.done;
};
