/** The control plane's process: `node main.js --config FILE [--keys DESCRIPTOR]`. Prints one JSON line when it is ready. */
import { parseArgs } from 'node:util';
import {
  announce,
  environment,
  logger,
  messageOf,
  skewed,
  systemClock,
  TricordonError,
  version,
} from '../base/index.js';
import { type Subkey, takeOver } from '../identity/index.js';
import { readConfig, type ServerConfig } from './config.js';
import { ServerError } from './errors.js';
import { startServer } from './lifecycle.js';

async function main(): Promise<void> {
  const log = logger('control-plane', environment('TRICORDON_LOG_LEVEL') ?? 'info');
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort());
  // Whatever escapes every handler leaves an unknown state: say it and go; the supervisor starts a fresh process.
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'unexpected failure');
    process.exit(1);
  });
  try {
    const { config, subkeys } = given(process.argv.slice(2));
    const clock = config.clockSkewMs === 0 ? systemClock : skewed(systemClock, config.clockSkewMs);
    const server = await startServer({ config, subkeys, clock, log, version, signal: stop.signal });
    if (server === undefined) return; // told to stop before it was up
    announce({ ready: true, pid: process.pid, ...server.addresses });
    await aborted(stop.signal);
    log.info('draining');
    await server.close();
  } catch (error) {
    const hint = error instanceof TricordonError ? error.hint : undefined;
    log.fatal({ reason: messageOf(error), ...(hint === undefined ? {} : { hint }) }, 'cannot start');
    process.exitCode = 1;
  }
}

function given(args: readonly string[]): { config: ServerConfig; subkeys: readonly Subkey[] } {
  let values: { config?: string | undefined; keys?: string | undefined };
  try {
    const options = { config: { type: 'string' }, keys: { type: 'string' } } as const;
    ({ values } = parseArgs({ args: [...args], options, strict: true }));
  } catch (error) {
    throw new ServerError('config', messageOf(error), { hint: 'the options are --config FILE and --keys DESCRIPTOR' });
  }
  const { config, keys } = values;
  if (config === undefined) throw new ServerError('config', 'no configuration given', { hint: 'give --config FILE' });
  return { config: readConfig(config), subkeys: keys === undefined ? [] : takeOver(Number(keys)) };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

await main();
