// Normal customers: `traffic.mjs --base URL [--requests N] [--patience SECONDS]`. Prints {requests, failed, again}, both
// lists of {request, status, body}. Who gets no answer or a 5xx tries again while their common patience lasts: such a
// request stands in `again`, and in `failed` only when none came. What was refused (4xx) is not tried again.
const option = (name, fallback) =>
  process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : fallback;
const base = option('--base', 'http://127.0.0.1:7001');
const total = Number(option('--requests', '60'));

const products = [1, 2, 3, 4, 5];
const skus = ['LAN-01', 'LAN-02', 'LOO-01', 'LOO-02', 'CAN-01'];
let patienceMs = 1_000 * Number(option('--patience', '0'));
const failed = [];
const again = [];
let order = 1;
for (let index = 0; index < total; index += 1) await one(index);
process.stdout.write(`${JSON.stringify({ requests: total, failed, again })}\n`);
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
  const began = performance.now();
  let first;
  for (;;) {
    const { status, text, type } = await once(method, path, body);
    if (status >= 200 && status < 300) {
      if (first !== undefined) {
        again.push(first);
        patienceMs -= performance.now() - began;
      }
      return type === 'application/json' ? JSON.parse(text) : undefined;
    }
    const missed = { request: `${method} ${path}`, status, body: text.slice(0, 300) };
    first ??= missed;
    const tired = performance.now() - began > patienceMs;
    if ((status !== 0 && status < 500) || tired) {
      failed.push(missed);
      if (tired) patienceMs = 0;
      return undefined;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Status 0: no answer, with the reason as its text. */
async function once(method, path, body) {
  try {
    const response = await fetch(`${base}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      signal: AbortSignal.timeout(20_000),
    });
    return { status: response.status, text: await response.text(), type: response.headers.get('content-type') };
  } catch (error) {
    return { status: 0, text: String(error.cause ?? error), type: null };
  }
}
