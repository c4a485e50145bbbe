// The PostgreSQL of `orders`, on TCP, as a process of its own: `start-postgres.mjs BIN-FOLDER DATA-FOLDER PASSWORD-FILE`.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const [bin, data, passwordFile] = process.argv.slice(2);
const port = process.env.PORT ?? '5433';
const bind = process.env.BIND ?? '127.0.0.1';
if (passwordFile === undefined) {
  process.stderr.write('usage: start-postgres.mjs BIN-FOLDER DATA-FOLDER PASSWORD-FILE\n');
  process.exit(1);
}
if (!existsSync(`${data}/PG_VERSION`)) {
  const made = spawnSync(
    `${bin}/initdb`,
    [
      '-D',
      data,
      '-U',
      'orders',
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
      '--encoding=UTF8',
      '--no-locale',
      '--no-sync',
    ],
    { encoding: 'utf8' },
  );
  if (made.status !== 0) {
    process.stderr.write(made.stderr);
    process.exit(1);
  }
  const single = spawnSync(`${bin}/postgres`, ['--single', '-D', data, 'postgres'], {
    input: 'create database orders;\n',
    encoding: 'utf8',
  });
  if (single.status !== 0) {
    process.stderr.write(single.stderr);
    process.exit(1);
  }
}
const server = spawn(
  `${bin}/postgres`,
  ['-D', data, '-p', port, '-c', `listen_addresses=${bind}`, '-c', 'unix_socket_directories=', '-c', 'fsync=off'],
  { stdio: 'inherit' },
);
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => server.kill('SIGINT'));
server.on('exit', (status) => process.exit(status ?? 1));
