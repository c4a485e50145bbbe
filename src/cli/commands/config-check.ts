import { existsSync } from 'node:fs';
import { readConfig } from '../../base/index.js';
import { Configuration } from '../../model/index.js';
import { CliError, type Command, exitCode } from '../command.js';
import { configurationDocs } from '../configuration-keys.js';

/** Exit 0 when the file is good; every problem is named otherwise (exit 1). */
export const command: Command = async ({ arguments: [file = 'tricordon.yaml'], output }) => {
  if (!existsSync(file)) {
    throw new CliError('usage', `there is no file \`${file}\``, {
      hint: 'name it: `tricordon config check FILE`; without a file the defaults hold',
    });
  }
  const { value: configuration } = readConfig(Configuration, { path: file, keys: configurationDocs() });
  output.result(
    { schemaVersion: 1, file, ok: true, services: configuration.services.map((service) => service.name) },
    () => `${file}: good`,
  );
  return exitCode.done;
};
