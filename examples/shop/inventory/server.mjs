// The monolith: a server in the style of its time. It speaks HTTP/1.0, closes after every answer, knows nothing of
// identities or contracts, and nobody dares to change it.
import { createServer } from 'node:net';

const stock = { 'LAN-01': 14, 'LAN-02': 31, 'LOO-01': 6, 'LOO-02': 18, 'CAN-01': 120 };

createServer((socket) => {
  let text = '';
  socket.setTimeout(30_000, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    if (text.length > 8_192) return socket.destroy();
    if (!text.includes('\r\n\r\n')) return;
    const line = text.slice(0, text.indexOf('\r\n'));
    const sku = /^GET \/stock\?sku=([A-Z0-9-]+) /.exec(line)?.[1];
    if (sku !== undefined) answer(socket, '200 OK', `SKU=${sku} QTY=${stock[sku] ?? 0}`);
    else if (line.startsWith('POST /reserve ')) answer(socket, '200 OK', 'RESERVED');
    else answer(socket, '404 NOT FOUND', 'UNKNOWN');
  });
}).listen(Number(process.env.PORT ?? 7005), process.env.BIND ?? '127.0.0.1');

function answer(socket, status, body) {
  socket.end(
    `HTTP/1.0 ${status}\r\nSERVER: INVENTORY/2.3\r\nCONTENT-TYPE: text/plain\r\nCONTENT-LENGTH: ${body.length + 2}\r\n\r\n${body}\r\n`,
  );
}
