// From an event in a workload to the incident it opens: a service gives programs over to a network connection, one after the
// other; each incident is closed before the next is provoked, so that every one of them is new.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openApi, readAccess } from '../../dist/cli/api.js';

const probe = new URL('./probe.mjs', import.meta.url).pathname;
const waitMs = 60_000;

/**
 * With `up` running on the data directory `d` of `base`.
 *
 * @returns milliseconds from an incident's first signal to its opening, one per round; empty where the host's sensor does
 *   not see such an event
 */
export async function eventToIncident(cli, base, rounds) {
  const data = join(base, 'd');
  const port = 20_000 + (process.pid % 10_000);
  const publish = `127.0.0.1:${port}`;
  // As root the command needs a user of its own.
  const user = process.getuid() === 0 && process.env.SUDO_UID === undefined ? ['--user', 'nobody'] : [];
  const options = ['--service', 'probe', '--port', '8000', '--publish', publish, ...user, '--data-dir', data];
  const service = spawn(process.execPath, [cli, 'run', ...options, '--', process.execPath, probe], {
    stdio: 'ignore',
    cwd: join(probe, '..'),
  });
  const ended = once(service, 'exit');
  const api = openApi(readAccess(data));
  const waits = [];
  try {
    await until(() => ask(publish, '/'), 'the probe answers');
    for (let round = 0; round < rounds; round += 1) {
      await ask(publish, '/give-over');
      const found = await until(async () => {
        const { incidents } = await api.get('/v1/incidents');
        return incidents.find((row) => row.state === 'open');
      });
      if (found === undefined) break;
      waits.push(found.openedAt - found.firstAt);
      await api.post(`/v1/incidents/${found.id}/state`, { state: 'closed', reason: 'measured' });
    }
  } finally {
    service.kill('SIGTERM');
    await ended;
  }
  return waits;
}

/** Asks again until there is an answer; undefined after a minute, or an error when `what` has to come. */
async function until(look, what) {
  const end = performance.now() + waitMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() > end) {
      if (what === undefined) return undefined;
      throw new Error(`waited in vain until ${what}`);
    }
    await pause(100);
  }
}

/** True when it was answered with 200. */
function ask(address, path) {
  return new Promise((resolve) => {
    const sent = request(`http://${address}${path}`, { agent: false }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode === 200));
    });
    sent.on('error', () => resolve(false));
    sent.end();
  });
}
