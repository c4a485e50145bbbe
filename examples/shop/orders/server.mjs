// Takes orders: charges, reserves stock, keeps a row, has a receipt sent.
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { call, peer, serve } from '../lib/serve.mjs';

const payments = peer('payments', 7004);
const inventory = peer('inventory', 7005);
const worker = peer('worker', 7006);
const database = peer('orders-db', 5433);

const pool = new pg.Pool({
  host: database.host,
  port: database.port,
  user: 'orders',
  database: 'orders',
  password: () => readFileSync(process.env.ORDERS_DB_PASSWORD_FILE, 'utf8').trim(),
  max: 4,
});
pool.on('error', () => {});
const ready = prepare();

serve(7003, {
  'GET /healthz': async () => {
    await ready;
    return { ok: true };
  },
  'POST /orders': async (_, body) => {
    await ready;
    const cents = Number.isSafeInteger(body?.cents) ? body.cents : 0;
    const { rows } = await pool.query('insert into orders (sku, cents) values ($1, $2) returning id', [
      String(body?.sku ?? ''),
      cents,
    ]);
    const { id } = rows[0];
    await call(inventory, 'POST', '/reserve', { sku: body?.sku });
    const { charge } = await call(payments, 'POST', '/charges', { order: id, cents });
    const { receipt } = await call(worker, 'POST', '/invoke', { order: id });
    await pool.query('update orders set charge = $2, receipt = $3 where id = $1', [id, charge, receipt]);
    return { id, charge, receipt };
  },
  'GET /orders/:id': async ({ id }) => {
    await ready;
    const { rows } = await pool.query('select id, sku, cents, charge, receipt from orders where id = $1', [Number(id)]);
    if (rows[0] === undefined) throw Object.assign(new Error('no such order'), { status: 404 });
    return rows[0];
  },
});

async function prepare() {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await pool.query(
        'create table if not exists orders (id serial primary key, sku text not null, cents integer not null, charge integer, receipt integer)',
      );
      return;
    } catch (error) {
      if (attempt === 240) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}
