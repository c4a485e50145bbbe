// What every service of the shop shares: a small JSON server, a JSON client, and where its peers are.
import { createServer, request } from 'node:http';

/** Where `name` is: an address handed over in NAME_ADDR, else the name the shop's network gives it. */
export function peer(name, port) {
  const given = process.env[`${name.toUpperCase().replaceAll('-', '_')}_ADDR`];
  const [host, at] = (given ?? `${name}.shop:${port}`).split(':');
  return { host, port: Number(at) };
}

/** Routes are `'GET /products/:id': (params, body, query) => value`; a value is sent as JSON, a string as HTML. */
export function serve(defaultPort, routes) {
  const table = Object.entries(routes).map(([key, handler]) => {
    const [method, path] = key.split(' ');
    return { method, parts: path.split('/'), handler };
  });
  const server = createServer(async (incoming, outgoing) => {
    const url = new URL(incoming.url, 'http://shop');
    const parts = url.pathname.split('/');
    const route = table.find(
      (r) =>
        r.method === incoming.method &&
        r.parts.length === parts.length &&
        r.parts.every((part, i) => part.startsWith(':') || part === parts[i]),
    );
    if (route === undefined) return send(outgoing, 404, { error: 'not found' });
    const params = Object.fromEntries(
      route.parts.map((part, i) => [part.slice(1), parts[i]]).filter((_, i) => route.parts[i].startsWith(':')),
    );
    try {
      const body = await read(incoming);
      send(outgoing, 200, await route.handler(params, body, url.searchParams));
    } catch (error) {
      send(outgoing, error.status ?? 500, error.body ?? { error: error.message });
    }
  });
  server.keepAliveTimeout = 30_000;
  const port = Number(process.env.PORT ?? defaultPort);
  server.listen(port, process.env.BIND ?? '127.0.0.1', () => process.stderr.write(`listening on ${port}\n`));
  process.on('SIGTERM', () => server.close(() => process.exit(0)).closeAllConnections());
  return server;
}

/** Calls a peer; resolves to the parsed answer, rejects with its status and body. */
export function call(to, method, path, body) {
  return new Promise((resolve, reject) => {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const headers =
      payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) };
    const sent = request({ host: to.host, port: to.port, method, path, headers, timeout: 15_000 }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        let value = text;
        try {
          value = JSON.parse(text);
        } catch {
          // the monolith answers plain text
        }
        if (response.statusCode < 300) resolve(value);
        else
          reject(
            Object.assign(new Error(`${method} ${path}: ${response.statusCode}`), {
              status: response.statusCode,
              body: value,
            }),
          );
      });
    });
    sent.on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer`)));
    sent.on('error', (error) => reject(Object.assign(error, { status: 502 })));
    sent.end(payload);
  });
}

async function read(incoming) {
  const chunks = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += chunk.length;
    if (size > 65_536) throw Object.assign(new Error('too large'), { status: 413 });
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? undefined : JSON.parse(text);
}

function send(outgoing, status, value) {
  const html = typeof value === 'string';
  const payload = html ? value : JSON.stringify(value ?? null);
  outgoing.writeHead(status, {
    'content-type': html ? 'text/html; charset=utf-8' : 'application/json',
    'content-length': Buffer.byteLength(payload),
  });
  outgoing.end(payload);
}
