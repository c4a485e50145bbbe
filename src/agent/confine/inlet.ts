/**
 * Process entry inside a workload's network namespace: `node inlet.js REDIRECT-PORT`. It opens the listener that every
 * redirected connection ends at, and connections to the workload's own port on request, and hands the sockets themselves
 * to the sidecar over the Node IPC channel (SCM_RIGHTS). It carries no byte of traffic, and ends with its sidecar. Who asks
 * for a name over UDP is told to ask over TCP, which ends at the sidecar as well.
 */
import { createSocket } from 'node:dgram';
import { createServer, connect } from 'node:net';
import { codeOf } from '../../base/index.js';
import { truncatedAnswer } from './dns-over-tcp.js';

const port = Number(process.argv[2]);
const connectTimeoutMs = 5_000;

if (process.send === undefined || !Number.isInteger(port) || port < 1 || port > 65_535) {
  process.stderr.write('tricordon inlet: started without its sidecar\n');
  process.exit(1);
}

process.on('disconnect', () => process.exit(0));
process.on('message', (message) => {
  const request = toConnect(message);
  if (request !== undefined) open(request.id, request.port);
});

const listener = createServer();
listener.on('error', (error) => {
  process.stderr.write(`tricordon inlet: ${codeOf(error) ?? 'error'} on port ${port}\n`);
  process.exit(1);
});
listener.listen({ host: '0.0.0.0', port, backlog: 1_024 }, () => {
  process.send?.({ type: 'listener' }, listener, (error) => {
    if (error !== null) process.exit(1);
    // The sidecar's copy goes on listening; two acceptors on one queue would lose connections here.
    listener.close();
  });
});

const names = createSocket('udp4');
// Without it a resolver that knows UDP alone gets no answer; everything else goes on.
names.on('error', (error) =>
  process.stderr.write(`tricordon inlet: ${codeOf(error) ?? 'error'} on UDP port ${port}\n`),
);
names.on('message', (message, from) => {
  const answer = truncatedAnswer(message);
  if (answer !== undefined) names.send(answer, from.port, from.address);
});
names.bind(port, '0.0.0.0');

function open(id: number, to: number): void {
  const socket = connect({ host: '127.0.0.1', port: to });
  let answered = false;
  const failed = (code: string): void => {
    if (answered) return;
    answered = true;
    socket.destroy();
    process.send?.({ type: 'failed', id, code });
  };
  socket.setTimeout(connectTimeoutMs, () => failed('ETIMEDOUT'));
  socket.on('error', (error) => failed(codeOf(error) ?? 'ECONNREFUSED'));
  // What the server says first must be read by the sidecar, not here.
  socket.pause();
  socket.on('connect', () => {
    if (answered) return;
    answered = true;
    socket.setTimeout(0);
    process.send?.({ type: 'connected', id }, socket);
  });
}

function toConnect(message: unknown): { id: number; port: number } | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  const { type, id, port: to }: { type?: unknown; id?: unknown; port?: unknown } = message;
  if (type !== 'connect' || typeof id !== 'number' || typeof to !== 'number') return undefined;
  return Number.isInteger(to) && to > 0 && to < 65_536 ? { id, port: to } : undefined;
}
