// The bare byte pipe: what Node costs without looking at a single byte. argv: JSON {listen, upstream, tlsIn, tlsOut, files}.
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { connect as tlsConnect, createServer as createTlsServer, createSecureContext } from 'node:tls';

const { listen, upstream, tlsIn, tlsOut, files } = JSON.parse(process.argv[2]);
const secrets = files && {
  cert: readFileSync(files.cert),
  key: readFileSync(files.key),
  ca: readFileSync(files.ca),
  minVersion: 'TLSv1.3',
};
const secureContext = tlsOut ? createSecureContext(secrets) : undefined;
const take = (socket) => {
  const next = tlsOut
    ? tlsConnect({ host: '127.0.0.1', port: upstream, secureContext, checkServerIdentity: () => undefined })
    : connect(upstream, '127.0.0.1');
  next.setNoDelay(true);
  socket.setNoDelay(true);
  socket.on('error', () => next.destroy());
  next.on('error', () => socket.destroy());
  socket.pipe(next);
  next.pipe(socket);
};
const server = tlsIn
  ? createTlsServer({ ...secrets, requestCert: true, rejectUnauthorized: true }, take)
  : createServer(take);
server.listen(listen, '127.0.0.1');
