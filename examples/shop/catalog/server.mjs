// Products with stock and price. VULNERABLE ON PURPOSE: an unknown supplier's name reaches a shell unquoted.
import { exec } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { call, peer, serve } from '../lib/serve.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const run = promisify(exec);
const inventory = peer('inventory', 7005);
const payments = peer('payments', 7004);
const products = JSON.parse(readFileSync(`${here}products.json`, 'utf8'));

serve(7002, {
  'GET /healthz': () => ({ ok: true }),
  'GET /products': async () => Promise.all(products.map(withStock)),
  'GET /products/:id': async ({ id }) => {
    const product = products.find((candidate) => String(candidate.id) === id);
    if (product === undefined) throw Object.assign(new Error('no such product'), { status: 404 });
    const { usd } = await call(payments, 'GET', '/rates');
    return { ...(await withStock(product)), usdCents: Math.round(product.cents * usd) };
  },
  'POST /import': async (_, { supplier }) => {
    const cached = `${here}suppliers/${supplier}.json`;
    if (/^[a-z]+$/.test(supplier) && existsSync(cached)) return JSON.parse(readFileSync(cached, 'utf8'));
    try {
      const { stdout } = await run(`./fetch-supplier.sh ${supplier}`, {
        cwd: here,
        timeout: 20_000,
        env: { ...process.env, NODE: process.execPath },
      });
      return { supplier, said: stdout };
    } catch (error) {
      throw Object.assign(new Error('the supplier could not be asked'), {
        status: 502,
        body: {
          error: 'the supplier could not be asked',
          said: `${error.stdout ?? ''}${error.stderr ?? ''}` || error.message,
        },
      });
    }
  },
});

async function withStock(product) {
  const text = await call(inventory, 'GET', `/stock?sku=${product.sku}`);
  return { ...product, stock: Number(/QTY=(\d+)/.exec(text)?.[1] ?? 0) };
}
