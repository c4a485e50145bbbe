import { restoreBackup } from '../backup/read.js';
import { keysTold, spoolTold } from '../backup/told.js';
import { CliError, type Command, exitCode, text } from '../command.js';
import { locate } from '../installation.js';

export const command: Command = async (invocation) => {
  const [path] = invocation.arguments;
  const keyFile = text(invocation, 'key');
  if (path === undefined || keyFile === undefined)
    throw new CliError('usage', 'which backup, and which recovery key?', { hint: 'tricordon restore FILE --key FILE' });
  const { dataDir, configuration } = locate(invocation);
  const done = await restoreBackup(
    { path, keyFile, dataDir, url: configuration.database.url },
    invocation.output.progress,
  );
  const { facts, parts, rows, audit, keys, spool } = done;
  invocation.output.result(
    {
      schemaVersion: 1,
      dataDir: done.dataDir,
      ...facts,
      parts: parts.length,
      rows,
      auditEntries: audit.entries,
      keys,
      spool,
    },
    () =>
      [
        `installation ${facts.instance} of ${new Date(facts.createdAt).toISOString()} is in ${done.dataDir}: ${rows} rows, ${audit.entries} audit entries. Start it with \`tricordon up\`; people sign in anew.`,
        keysTold(done),
        spoolTold(done),
      ].join('\n'),
  );
  return exitCode.done;
};
