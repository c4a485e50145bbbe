// A function with a server around it: it is invoked with an event and does one thing, sending a receipt.
import { call, peer, serve } from '../lib/serve.mjs';

const payments = peer('payments', 7004);

async function handler(event) {
  const { receipt } = await call(payments, 'POST', '/receipts', { order: event.order });
  return { receipt };
}

serve(7006, { 'GET /healthz': () => ({ ok: true }), 'POST /invoke': (_, event) => handler(event) });
