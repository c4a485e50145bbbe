/** As much of the NATS client protocol as a test of permissions needs: one order, one answer. */
import { connect } from 'node:net';
import { connect as secure, type TLSSocket } from 'node:tls';

export interface NatsClient {
  /** What the server answered to CONNECT. */
  readonly welcome: string;
  /** `+OK`, or what it has against it. */
  order(text: string): Promise<string>;
  close(): void;
}

/** The server speaks first, in the clear, and then wants TLS. */
export async function natsClient(
  port: number,
  identity: { readonly ca: string; readonly cert: string; readonly key: string },
): Promise<NatsClient> {
  const plain = connect(port, '127.0.0.1');
  await new Promise((read, failed) => {
    plain.once('data', read);
    plain.once('error', failed);
  });
  const socket = secure({ socket: plain, servername: 'localhost', ...identity });
  await new Promise<void>((done, failed) => {
    socket.once('secureConnect', done);
    socket.once('error', failed);
  });
  const next = lines(socket);
  const order = async (text: string): Promise<string> => {
    socket.write(`${text}\r\n`);
    for (;;) {
      const line = await next();
      if (line === '+OK' || line.startsWith('-ERR')) return line;
      if (line === 'PING') socket.write('PONG\r\n');
    }
  };
  const welcome = await order('CONNECT {"verbose":true,"pedantic":false,"tls_required":true,"protocol":1}');
  return { welcome, order, close: () => socket.destroy() };
}

function lines(socket: TLSSocket): () => Promise<string> {
  const ready: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  let rest = '';
  const give = (line: string) => {
    const taker = waiting.shift();
    if (taker === undefined) ready.push(line);
    else taker(line);
  };
  socket.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString('utf8')).split('\r\n');
    rest = parts.pop() ?? '';
    parts.forEach(give);
  });
  socket.on('error', (error) => give(`-ERR ${error.message}`));
  socket.on('close', () => give('-ERR closed'));
  return () => {
    const line = ready.shift();
    return line === undefined ? new Promise((take) => waiting.push(take)) : Promise.resolve(line);
  };
}
