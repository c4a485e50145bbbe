// The processes of a measured hop: proxies pinned to one core, load and back end to another.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { which } from '../../dist/base/index.js';

/** Proxies on the first core, load and back end on the second, where there are two. */
export function pinned(core, file, args) {
  const found = which(file) ?? file;
  const taskset = which('taskset');
  return cpus().length > 1 && taskset !== undefined ? [taskset, ['-c', String(core), found, ...args]] : [found, args];
}

export async function node(script, args, port) {
  const [file, list] = pinned(0, process.execPath, [script, ...args]);
  const child = spawn(file, list, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (port !== undefined) await open(port);
  return { pids: () => [child.pid], stop: () => stop(child) };
}

export async function nginx(folder, name, http, port) {
  const config = join(folder, `${name}.conf`);
  writeFileSync(
    config,
    `daemon off; master_process off; pid ${folder}/${name}.pid; error_log stderr crit; worker_processes 1;
     events { worker_connections 4096; }
     http { access_log off; client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f;
       uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s; ${http} }`,
  );
  const [file, list] = pinned(name === 'backend' ? 1 : 0, 'nginx', ['-c', config, '-e', 'stderr', '-p', folder]);
  const child = spawn(file, list, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (name !== 'backend') await open(port);
  return { pids: () => [child.pid], stop: () => stop(child) };
}

export async function freePorts(count) {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function open(port) {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    const socket = connect(port, '127.0.0.1');
    const opened = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (opened) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`nothing listens on port ${port}`);
}

/** A small agent: acknowledges every record, as the product's agent does. */
export async function attach(control) {
  let socket;
  for (let attempt = 0; socket === undefined && attempt < 500; attempt += 1) {
    const made = connect(control);
    const opened = await new Promise((resolve) => {
      made.once('connect', () => resolve(true));
      made.once('error', () => resolve(false));
    });
    if (opened) socket = made;
    else await new Promise((resolve) => setTimeout(resolve, 20));
  }
  if (socket === undefined) throw new Error(`no control socket at ${control}`);
  const say = (message) => socket.write(`${JSON.stringify(message)}\n`);
  const waiting = [];
  let rest = '';
  socket.setEncoding('latin1');
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    let last = 0;
    for (const line of lines) {
      const seq = /^\{"type":"observation","seq":(\d+)/.exec(line);
      if (seq !== null) last = Number(seq[1]);
      else {
        const message = JSON.parse(line);
        if (message.type === 'problem') throw new Error(message.message);
        const at = waiting.findIndex((waiter) => waiter.type === message.type);
        if (at >= 0) waiting.splice(at, 1)[0].resolve(message);
      }
    }
    if (last > 0) say({ type: 'ack', seq: last });
  });
  return {
    say,
    ask: (message, type) =>
      new Promise((resolve) => {
        waiting.push({ type, resolve });
        say(message);
      }),
    close: () => socket.destroy(),
  };
}

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
