import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { spawnProcess } from '../../../src/base/index.js';
import { type GetSocketOption, peerCredentials } from '../../../src/identity/index.js';

const getSocketOption = await native();

test.skipIf(getSocketOption === undefined)('the kernel says which process opened a Unix socket', async () => {
  const base = mkdtempSync(join(tmpdir(), 'tc-pc-'));
  const path = join(base, 's');
  const server = createServer().listen(path);
  await once(server, 'listening');
  const child = spawnProcess(process.execPath, ['-e', `require('net').connect(${JSON.stringify(path)})`], {
    stdio: 'ignore',
  });
  const [socket] = await once(server, 'connection');
  expect(peerCredentials(socket, getSocketOption)).toEqual({
    pid: child.pid,
    uid: process.getuid?.(),
    gid: process.getgid?.(),
  });
  expect(peerCredentials(socket, undefined)).toBeUndefined();
  socket.destroy();
  await once(socket, 'close');
  expect(peerCredentials(socket, getSocketOption)).toBeUndefined();
  child.kill('SIGKILL');
  server.close();
  rmSync(base, { recursive: true, force: true });
});

/** `getsockopt(2)` by koffi, which is optional. */
async function native(): Promise<GetSocketOption | undefined> {
  try {
    const { default: koffi } = await import('koffi');
    const call = koffi.load(null).func('int getsockopt(int, int, int, void *, void *)');
    return (fd, level, name, bytes) => {
      const value = Buffer.alloc(bytes);
      const length = Buffer.alloc(4);
      length.writeInt32LE(bytes);
      return call(fd, level, name, value, length) === 0 ? value.subarray(0, length.readInt32LE(0)) : undefined;
    };
  } catch {
    return undefined;
  }
}
