/** The control plane's process: `node main.js --config FILE`. Prints one JSON line when it is ready. */
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
    const config = configOf(process.argv.slice(2));
    const clock = config.clockSkewMs === 0 ? systemClock : skewed(systemClock, config.clockSkewMs);
    const server = await startServer({ config, clock, log, version, signal: stop.signal });
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

function configOf(args: readonly string[]): ServerConfig {
  let path: string | undefined;
  try {
    path = parseArgs({ args: [...args], options: { config: { type: 'string' } }, strict: true }).values.config;
  } catch (error) {
    throw new ServerError('config', messageOf(error), { hint: 'the only option is --config FILE' });
  }
  if (path === undefined) throw new ServerError('config', 'no configuration given', { hint: 'give --config FILE' });
  return readConfig(path);
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

await main();
