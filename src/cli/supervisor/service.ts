/** A service of `tricordon.yaml`: started as `tricordon run` would be by hand, with its output in a log file. */
import { closeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { inheritedEnvironment, openLogFile, spawnProcess } from '../../base/index.js';
import type { ServiceConfiguration } from '../../model/index.js';
import { programRoot } from '../accounts.js';
import { CliError } from '../command.js';
import type { Installation } from '../installation.js';
import { entryOf, type ProcessEntry } from '../state-file.js';
import type { Places } from './places.js';

export function startService(
  service: ServiceConfiguration,
  house: { installation: Installation; places: Places; user: string | undefined },
): ProcessEntry {
  const { installation, places } = house;
  const directory = resolve(installation.base, service.directory ?? '.');
  // An image may have a user of its own, which comes before the one for all services, not before one named for it.
  const user = service.image === undefined ? (service.user ?? house.user) : service.user;
  const args = [
    join(programRoot(), 'bin/tricordon.mjs'),
    'run',
    ...['--data-dir', installation.dataDir, '--service', service.name, '--port', String(service.port)],
    ...(service.publish === undefined ? [] : ['--publish', service.publish]),
    ...(service.calls ?? []).flatMap((call) => ['--calls', call]),
    ...(service.image === undefined
      ? ['--code', resolve(installation.base, service.code ?? directory)]
      : ['--image', service.image, ...Object.keys(service.environment ?? {}).flatMap((name) => ['--env', name])]),
    ...(user === undefined ? [] : ['--user', user]),
    '--',
    ...(service.command ?? []),
  ];
  const log = openLogFile(join(places.dataDir, 'log', `${service.name}.log`));
  const child = spawnProcess(process.execPath, args, {
    cwd: directory,
    detached: true,
    stdio: ['ignore', log, log],
    env: {
      ...inheritedEnvironment(),
      ...(house.user === undefined ? {} : { TRICORDON_USER: house.user }),
      ...service.environment,
    },
  });
  closeSync(log);
  child.on('error', () => {});
  if (child.pid === undefined)
    throw new CliError('prerequisite', `service \`${service.name}\` cannot be started in \`${directory}\``, {
      hint: 'does the directory exist?',
    });
  child.unref();
  return entryOf(service.name, child.pid);
}
