import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { recipientOf } from '../backup/recovery-file.js';
import { writeBackup } from '../backup/write.js';
import { CliError, type Command, exitCode, text } from '../command.js';
import { locate } from '../installation.js';
import { readState } from '../state-file.js';
import { instanceOf } from '../supervisor/places.js';
import { version } from '../version.js';

export const command: Command = async (invocation) => {
  const to = text(invocation, 'to');
  if (to === undefined) throw new CliError('usage', 'where should the backup be written?', { hint: '--to FILE' });
  const { dataDir, runtimeDir, configPath, configuration } = locate(invocation);
  if (!existsSync(join(dataDir, 'keys')))
    throw new CliError('prerequisite', `there is no installation in \`${dataDir}\``, {
      hint: 'name it with --data-dir',
    });
  const recipient = recipientOf(dataDir);
  const done = await writeBackup(
    {
      dataDir,
      runtimeDir: readState(dataDir)?.runtimeDir ?? runtimeDir,
      url: configuration.database.url,
      instance: instanceOf(dataDir),
      version,
      settings: configPath,
    },
    to,
    recipient,
    invocation.output.progress,
  );
  invocation.output.result(
    { schemaVersion: 1, path: done.path, bytes: done.bytes, ...done.facts, parts: done.parts.length },
    () =>
      `${done.path}: ${done.parts.length} parts, ${done.bytes} bytes, schema ${done.facts.schema}, sealed to ${recipient}`,
  );
  return exitCode.done;
};
