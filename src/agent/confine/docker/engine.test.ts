import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDocker, splitFrames } from './engine.js';

let folder: string;
let server: Server | undefined;
let asked: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tc-eng-'));
  asked = [];
});
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** An Engine that answers these; its version is that of 20.10 unless told. */
async function engine(answers: Readonly<Record<string, readonly [number, string]>>, versions = ['1.41', '1.12']) {
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const [, answer] = Object.entries(answers).find(([path]) => request.url?.includes(path)) ?? [];
    const version = JSON.stringify({ ApiVersion: versions[0], MinAPIVersion: versions[1] });
    const [status, text] =
      request.url === '/version' ? [200, version] : (answer ?? [404, '{"message":"no such thing"}']);
    response.writeHead(status).end(text);
  });
  const path = join(folder, 'e.sock');
  await new Promise<void>((resolve) => server?.listen(path, resolve));
  return path;
}

describe('the Docker Engine', () => {
  test('is spoken to in a version that both sides know', async () => {
    expect((await openDocker(await engine({}, ['1.41', '1.12']))).version).toBe('1.41');
    await new Promise<void>((resolve) => server?.close(() => resolve()));
    expect((await openDocker(await engine({}, ['1.52', '1.44']))).version).toBe('1.44');
  });

  test('is refused when it is too old, or not there', async () => {
    await expect(openDocker(await engine({}, ['1.40', '1.12']))).rejects.toMatchObject({ code: 'engine-failed' });
    await expect(openDocker(join(folder, 'nobody'))).rejects.toMatchObject({
      code: 'engine-failed',
      hint: 'start dockerd',
    });
  });

  test('names what an image runs, or that there is none', async () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const image = { Id: digest, Config: { Entrypoint: null, Cmd: ['/serve'], User: '100:100' } };
    const { image: ask } = await openDocker(await engine({ '/images/shop/json': [200, JSON.stringify(image)] }));
    expect(await ask('shop')).toEqual({ digest, entrypoint: [], cmd: ['/serve'], user: '100:100' });
    expect(await ask('other')).toBeUndefined();
  });

  test('is not believed when its answer has another shape', async () => {
    const { image } = await openDocker(await engine({ '/images/': [200, '{"Id":"latest"}'] }));
    await expect(image('shop')).rejects.toMatchObject({ code: 'engine-failed' });
  });

  test('is quoted when it refuses, with nothing that could reach a terminal', async () => {
    const refusal: [number, string] = [409, '{"message":"name taken \\u001b[2J"}'];
    const { create } = await openDocker(await engine({ '/containers/create': refusal }));
    await expect(create('x', {})).rejects.toThrow(/refused `.*create` \(409\): name taken/);
  });

  test('takes it as done when what should go is gone', async () => {
    const { remove, kill, removeImage } = await openDocker(await engine({ '/images/held': [409, '{}'] }));
    await remove('a'.repeat(64));
    await kill('a'.repeat(64), 'SIGTERM');
    expect([await removeImage('none'), await removeImage('held')]).toEqual([true, false]);
    expect(asked.slice(1)).toEqual([
      `DELETE /v1.41/containers/${'a'.repeat(64)}?force=1&v=1`,
      `POST /v1.41/containers/${'a'.repeat(64)}/kill?signal=SIGTERM`,
      'DELETE /v1.41/images/none',
      'DELETE /v1.41/images/held',
    ]);
  });
});

test('output is cut into its two streams wherever the pieces were torn', async () => {
  const frame = (stream: number, text: string) => {
    const head = Buffer.alloc(8);
    head[0] = stream;
    head.writeUInt32BE(Buffer.byteLength(text), 4);
    return Buffer.concat([head, Buffer.from(text)]);
  };
  const all = Buffer.concat([frame(1, 'out'), frame(2, 'problem'), frame(1, ''), frame(1, ' and more')]);
  for (const size of [1, 3, 7, 8, 9, all.length]) {
    const said = { stdout: '', stderr: '' };
    await splitFrames(torn(all, size), (stream, piece) => {
      said[stream] += piece.toString('utf8');
    });
    expect(said).toEqual({ stdout: 'out and more', stderr: 'problem' });
  }
});

async function* torn(all: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < all.length; at += size) yield all.subarray(at, at + size);
}
