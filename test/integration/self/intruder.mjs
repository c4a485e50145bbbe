// Loaded into the process of the control plane, as code of an attacker would be. On SIGUSR2 it tries what the contract
// does not list, and says on standard output how each attempt ended.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const other = fileURLToPath(new URL('../../other', import.meta.url));

process.on('SIGUSR2', async () => {
  const tried = {
    shell: attempt(() => spawnSync('/bin/sh', ['-c', 'id']).error?.code),
    foreignFile: attempt(() => void readFileSync(`${other}/secret`)),
    foreignFolder: attempt(() => void readdirSync(other)),
    planted: attempt(() => writeFileSync(`${other}/planted`, '')),
    changedCode: attempt(() => writeFileSync(`${here}/planted.js`, '')),
  };
  process.stdout.write(`${JSON.stringify({ tried })}\n`);
  process.stdout.write(`${JSON.stringify({ dialled: await dial(80, '192.0.2.1') })}\n`);
});

function attempt(act) {
  try {
    return act() ?? 'done';
  } catch (error) {
    return error.code ?? String(error);
  }
}

/** Sidecars take every connection, and end those that no contract allows. */
function dial(port, host) {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    let heard = '';
    socket.setTimeout(20_000, () => socket.destroy());
    socket.on('data', (chunk) => {
      heard += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(heard === '' ? 'nothing' : heard.slice(0, 12)));
    socket.on('connect', () => socket.write('GET / HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n'));
  });
}
