// Charges cards and gives money back. Refunds are for people at a desk: no service of the shop ever asks for one.
import { serve } from '../lib/serve.mjs';

let number = 0;
serve(7004, {
  'GET /healthz': () => ({ ok: true }),
  'GET /rates': () => ({ usd: 1.08 }),
  'POST /charges': (_, body) => ({
    charge: ++number,
    order: body?.order ?? null,
    cents: body?.cents ?? 0,
    status: 'charged',
  }),
  'POST /receipts': (_, body) => ({ receipt: ++number, order: body?.order ?? null }),
  'POST /refunds': (_, body) => ({ refund: ++number, cents: body?.cents ?? 0, status: 'refunded' }),
});
