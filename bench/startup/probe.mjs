// The measured service: at `/give-over` it gives a program over to a network connection, which no service should.
import { spawn } from 'node:child_process';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer } from 'node:net';

const echo = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
createHttpServer((request, response) => {
  if (request.url !== '/give-over') {
    response.end('ok');
    return;
  }
  const socket = connect(echo.address().port, '127.0.0.1', () => {
    const child = spawn('/bin/true', { stdio: [socket, 'ignore', 'ignore'] });
    child.on('exit', () => {
      socket.destroy();
      response.end('done');
    });
  });
}).listen(8_000, '127.0.0.1');
