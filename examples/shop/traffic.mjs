// Normal customers: `traffic.mjs --base URL [--requests N]`. Prints {requests, failed:[{request, status}]}.
const option = (name, fallback) =>
  process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : fallback;
const base = option('--base', 'http://127.0.0.1:7001');
const total = Number(option('--requests', '60'));

const products = [1, 2, 3, 4, 5];
const skus = ['LAN-01', 'LAN-02', 'LOO-01', 'LOO-02', 'CAN-01'];
const failed = [];
let order = 1;
for (let index = 0; index < total; index += 1) await one(index);
process.stdout.write(`${JSON.stringify({ requests: total, failed })}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;

async function one(index) {
  switch (index % 6) {
    case 0:
      return ask('GET', '/');
    case 1:
      return ask('GET', '/products');
    case 2:
      return ask('GET', `/products/${products[index % products.length]}`);
    case 3: {
      const made = await ask('POST', '/checkout', { sku: skus[index % skus.length], cents: 1000 + index });
      order = made?.id ?? order;
      return undefined;
    }
    case 4:
      return ask('GET', `/orders/${order}`);
    default:
      return ask('POST', '/products/import', { supplier: index % 12 === 5 ? 'northwind' : 'tidewater' });
  }
}

async function ask(method, path, body) {
  try {
    const response = await fetch(`${base}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      signal: AbortSignal.timeout(20_000),
    });
    const text = await response.text();
    if (!response.ok) failed.push({ request: `${method} ${path}`, status: response.status, body: text.slice(0, 300) });
    return response.headers.get('content-type') === 'application/json' ? JSON.parse(text) : undefined;
  } catch (error) {
    failed.push({ request: `${method} ${path}`, status: 0, body: String(error.cause ?? error).slice(0, 300) });
    return undefined;
  }
}
