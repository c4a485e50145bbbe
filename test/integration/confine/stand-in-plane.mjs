// Stands where the sidecar will stand: answers every redirected connection itself, and fetches `/` from the workload
// through a socket that the inlet opened when asked to on its control socket.
import { createServer } from 'node:net';

const control = process.argv[process.argv.indexOf('--control') + 1];
const waiting = new Map();
let next = 1;

process.on('message', (message, handle) => {
  if (message.type === 'listener') handle.on('connection', (socket) => socket.end('sidecar'));
  else waiting.get(message.id)?.(message, handle);
});

createServer((asker) => {
  asker.once('data', (chunk) => {
    const port = Number(chunk.toString());
    const id = next++;
    waiting.set(id, (message, socket) => {
      if (message.type === 'failed') return asker.end(`failed ${message.code}`);
      let answer = '';
      socket.on('data', (data) => {
        answer += data;
      });
      socket.on('end', () => asker.end(answer));
      socket.write('GET / HTTP/1.0\r\n\r\n');
    });
    process.send({ type: 'connect', id, port });
  });
}).listen(control);
