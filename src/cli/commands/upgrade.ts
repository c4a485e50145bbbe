import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { roomAt } from '../../base/index.js';
import { checkSchema } from '../../store/index.js';
import { withDatabase } from '../backup/cluster.js';
import { CliError, type Command, exitCode, flag } from '../command.js';
import { locate } from '../installation.js';
import { readState } from '../state-file.js';
import { version } from '../version.js';

/** Run with the new version, before it is started: tells what its start would change, and tries it. */
export const command: Command = async (invocation) => {
  if (!flag(invocation, 'check'))
    throw new CliError('usage', '`up` of the new version upgrades by itself', {
      hint: 'tricordon upgrade --check tries it first; then `tricordon backup create`, `tricordon down`, and `tricordon up` of the new version',
    });
  const { dataDir, runtimeDir, configuration } = locate(invocation);
  if (!existsSync(join(dataDir, 'keys')))
    throw new CliError('prerequisite', `there is no installation in \`${dataDir}\``, {
      hint: 'name it with --data-dir',
    });
  const place = {
    dataDir,
    runtimeDir: readState(dataDir)?.runtimeDir ?? runtimeDir,
    url: configuration.database.url,
  };
  const schema = await withDatabase(place, checkSchema);
  const { freeBytes, full } = roomAt(dataDir);
  const result = { schemaVersion: 1, version, schema, freeBytes, ok: !full };
  invocation.output.result(result, () => {
    const changes =
      schema.pending.length === 0
        ? `the database has schema ${schema.present}, as version ${version} wants it`
        : `version ${version} brings the database from schema ${schema.present} to ${schema.newest}: ${schema.pending.map(({ number, name }) => `${number} ${name}`).join(', ')}; tried, and taken back`;
    return full ? `${changes}\nbut there is no space left in ${dataDir}: free some first` : changes;
  });
  return full ? exitCode.found : exitCode.done;
};
