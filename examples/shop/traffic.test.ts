import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { exec } from '../../src/base/index.js';

const here = new URL('.', import.meta.url).pathname;
let server: Server;
afterEach(() => new Promise((resolve) => server.close(resolve)));

/** Customers of a shop that answers with these, one after the other, then 200. */
async function traffic(patience: number, ...statuses: number[]): Promise<Record<string, unknown>> {
  server = createServer((_, response) => {
    const status = statuses.shift() ?? 200;
    if (status === 0) return response.destroy();
    response.writeHead(status, { connection: 'close' });
    return response.end('said');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const base = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  const words = ['--base', base, '--requests', '2', '--patience', String(patience)];
  const done = await exec(process.execPath, [join(here, 'traffic.mjs'), ...words], { timeoutMs: 120_000 });
  return JSON.parse(done.stdout) as Record<string, unknown>; // its own report
}

it('asks again who gave no answer or is away, and says so', async () => {
  const said = await traffic(60, 0, 503);
  expect(said).toEqual({
    requests: 2,
    failed: [],
    again: [{ request: 'GET /', status: 0, body: expect.stringContaining('closed') }],
  });
});

it('does not ask again what was refused', async () => {
  expect(await traffic(60, 403)).toEqual({
    requests: 2,
    failed: [{ request: 'GET /', status: 403, body: 'said' }],
    again: [],
  });
});

it('counts a refusal that comes after no answer as a refusal', async () => {
  expect(await traffic(60, 502, 403)).toMatchObject({ failed: [{ status: 403 }], again: [] });
});

it('gives up when its patience is over', async () => {
  expect(await traffic(0, 503)).toMatchObject({ failed: [{ status: 503 }], again: [] });
});
