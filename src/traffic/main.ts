/** The data plane process: `main.js --control PATH`. Everything else it is told over that socket. */
import { lookup } from 'node:dns/promises';
import { parseArgs } from 'node:util';
import { logger, messageOf, systemClock } from '../base/index.js';
import { serveControl } from './control-server.js';
import { openInletChannel } from './inlet-channel.js';
import { openOriginalDestination } from './original-destination.js';
import { createPlane } from './plane.js';
import { RecordRing } from './record-ring.js';
import { randomHex } from './trace-context.js';

const log = logger('traffic');
// Nobody else may connect to the control socket, not even between its making and its chmod.
process.umask(0o077);

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { control: { type: 'string' } } });
  if (values.control === undefined) {
    process.stderr.write('usage: main.js --control PATH\n');
    process.exit(1);
  }
  const ring = new RecordRing(20_000);
  const destination = openOriginalDestination();
  if (typeof destination !== 'function') {
    log.warn({ why: destination.unavailable }, 'captured connections will be refused: no original destination');
  }
  const waiting: Parameters<ReturnType<typeof createPlane>['captured']>[0][] = [];
  let arrived = (listener: (typeof waiting)[number]): void => {
    waiting.push(listener);
  };
  const plane = createPlane({
    clock: systemClock,
    log,
    ring,
    lookup: async (name) => (await lookup(name, { all: true, family: 4 })).map(({ address }) => address),
    originalDestination: typeof destination === 'function' ? destination : undefined,
    remoteDial: openInletChannel(process, log, (listener) => arrived(listener)),
  });
  const control = await serveControl({
    path: values.control,
    plane,
    ring,
    boot: randomHex(16),
    log,
    stop: () => process.exit(0),
  });
  arrived = (listener) => {
    plane.captured(listener);
    control.listening();
  };
  for (const listener of waiting) arrived(listener);
  process.on('SIGTERM', () => {
    void plane.drain(5_000).then(() => process.exit(0));
  });
  // The terminal's interrupt is for the command in the foreground; this process ends when it is told to.
  process.on('SIGINT', () => {});
  process.on('SIGHUP', () => {});
}

// Whatever was not foreseen ends the process: nothing passes until it is started again.
process.on('uncaughtException', (error) => {
  log.fatal({ error: messageOf(error), stack: error.stack?.slice(0, 2_000) }, 'data plane failed');
  process.exit(70);
});

await main().catch((error: unknown) => {
  log.fatal({ error: messageOf(error) }, 'data plane cannot start');
  process.exit(1);
});
