// What stands before the control plane for people here: HTTP in, HTTPS out, everything else as it came.
// `forwarder.mjs PORT HOST:PORT`
import { createServer } from 'node:http';
import { request } from 'node:https';

const [port, target] = process.argv.slice(2);
createServer((incoming, answer) => {
  const sent = request(
    `https://${target}${incoming.url}`,
    // The test checks what is said, over a way of which the sidecars check the identities.
    { method: incoming.method, rejectUnauthorized: false, headers: { ...incoming.headers, host: '127.0.0.1:8443' } },
    (given) => {
      answer.writeHead(given.statusCode, given.headers);
      given.pipe(answer);
    },
  );
  sent.on('error', (error) => {
    answer.writeHead(502);
    answer.end(String(error));
  });
  incoming.pipe(sent);
}).listen(Number(port), '127.0.0.1');
