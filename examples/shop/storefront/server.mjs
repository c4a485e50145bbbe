// The shop's public face: a page for people and an API for the page. It keeps nothing itself.
import { readFileSync } from 'node:fs';
import { call, peer, serve } from '../lib/serve.mjs';

const catalog = peer('catalog', 7002);
const orders = peer('orders', 7003);
const page = readFileSync(new URL('page.html', import.meta.url), 'utf8');

serve(7001, {
  'GET /': async () => {
    const products = await call(catalog, 'GET', '/products');
    const items = products.map(
      (product) =>
        `<li><b>${escapeHtml(product.name)}</b><span>${(product.cents / 100).toFixed(2)} €</span><em>${product.stock} in stock</em></li>`,
    );
    return page.replace('<!-- products -->', items.join('\n'));
  },
  'GET /healthz': () => ({ ok: true }),
  'GET /products': () => call(catalog, 'GET', '/products'),
  'GET /products/:id': ({ id }) => call(catalog, 'GET', `/products/${encodeURIComponent(id)}`),
  'POST /products/import': (_, body) => call(catalog, 'POST', '/import', { supplier: String(body?.supplier ?? '') }),
  'POST /checkout': (_, body) => call(orders, 'POST', '/orders', body),
  'GET /orders/:id': ({ id }) => call(orders, 'GET', `/orders/${encodeURIComponent(id)}`),
});

function escapeHtml(text) {
  return String(text).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
