/** Our root in the host's own store: with the host's own tool, in mounts that only this test sees. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { exec, systemClock, which } from '../../../src/base/index.js';
import { generateKeyPair, openCertificateAuthority } from '../../../src/identity/index.js';
import { lacking, requires } from '../../requires.js';
import { asRoot, remove, roomy } from './support.js';

const it =
  which('update-ca-certificates') === undefined
    ? lacking(['update-ca-certificates (apt-get install ca-certificates)'])
    : await requires('root', 'openssl');
const ready = process.getuid?.() === 0 && it !== it.skip;

let directory = '';
beforeAll(async () => {
  if (!ready) return;
  directory = roomy();
  for (const name of ['one', 'two']) {
    const keys = join(directory, name, 'keys/ca');
    mkdirSync(keys, { recursive: true, mode: 0o700 });
    const authority = await openCertificateAuthority({
      directory: keys,
      trustDomain: 'house.test',
      clock: systemClock,
    });
    writeFileSync(
      join(directory, `${name}.pem`),
      authority
        .issueSvid({ id: 'spiffe://house.test/service/a', publicKey: generateKeyPair().publicKeyPem })
        .chainPem.join(''),
    );
  }
});
afterAll(() => {
  if (directory !== '') remove(directory);
});

/** In mounts of its own: a script that calls `tricordon` and `verify NAME`, which says whether the host trusts that leaf. */
async function onHost(script: string): Promise<string[]> {
  const { program } = asRoot();
  const prelude = `
    set -e
    mkdir -p ${directory}/m/up ${directory}/m/work ${directory}/m/ssl-up ${directory}/m/ssl-work
    mount -t overlay overlay -o lowerdir=/usr/local/share,upperdir=${directory}/m/up,workdir=${directory}/m/work /usr/local/share
    mkdir -p /usr/local/share/ca-certificates
    mount -t overlay overlay -o lowerdir=/etc,upperdir=${directory}/m/ssl-up,workdir=${directory}/m/ssl-work /etc
    tricordon() { ${process.execPath} ${program} "$@"; }
    trust() { tricordon trust "$@" -o json | grep -o '"changed": [a-z]*'; }
    verify() { if openssl verify -CApath /etc/ssl/certs ${directory}/$1.pem >/dev/null 2>&1; then echo "$1 trusted"; else echo "$1 stranger"; fi; }
    ours() { ls /usr/local/share/ca-certificates | grep -c tricordon || true; }
  `;
  mkdirSync(join(directory, 'm'), { recursive: true });
  // The overlay wants its layers on a file system of their own.
  const done = await exec(
    'unshare',
    ['--mount', '--propagation', 'private', 'sh', '-c', `mount -t tmpfs tmpfs ${directory}/m; ${prelude}${script}`],
    { env: asRoot().env, timeoutMs: 300_000 },
  );
  expect(done.status, done.stderr).toBe(0);
  return done.stdout.trim().split('\n');
}

it('is trusted once it is installed, and a stranger once it is removed; another root stays what it was', async () => {
  const said = await onHost(`
    verify one; verify two
    trust install --data-dir ${directory}/one
    verify one; verify two; ours
    trust install --data-dir ${directory}/one
    trust install --data-dir ${directory}/two
    verify one; verify two; ours
    trust remove --data-dir ${directory}/one
    verify one; verify two; ours
    trust remove --data-dir ${directory}/one
    ls /usr/local/share/ca-certificates | grep tricordon
    tricordon trust remove --data-dir ${directory}/two -o json | grep -o 'tricordon-[0-9a-f]*.crt'
  `);
  expect(said.slice(0, -2)).toEqual([
    ...['one stranger', 'two stranger', '"changed": true'],
    ...['one trusted', 'two stranger', '1', '"changed": false', '"changed": true'],
    ...['one trusted', 'two trusted', '2', '"changed": true'],
    ...['one stranger', 'two trusted', '1', '"changed": false'],
  ]);
  expect(said.at(-2)).toMatch(/^tricordon-[0-9a-f]{32}\.crt$/);
  expect(said.at(-2)).toBe(said.at(-1));
});

it('is both roots while the root changes', async () => {
  const keys = join(directory, 'changing/keys/ca');
  mkdirSync(keys, { recursive: true, mode: 0o700 });
  const { roots } = await openCertificateAuthority({ directory: keys, trustDomain: 'house.test', clock: systemClock });
  await roots.begin('ada');
  const said = await onHost(`
    trust install --data-dir ${directory}/changing; ours
    trust remove --data-dir ${directory}/changing; ours
  `);
  expect(said).toEqual(['"changed": true', '"changed": true', '2', '"changed": true', '"changed": true', '0']);
});

it('is nothing but the root: a leaf, two certificates or no certificate are refused, and nothing is written', async () => {
  for (const [name, content] of [
    ['leaf', readFileSync(join(directory, 'one.pem'), 'utf8')],
    ['both', ['one', 'two'].map((one) => readFileSync(join(directory, one, 'keys/ca/root.crt.pem'), 'utf8')).join('')],
    ['none', 'no certificate'],
  ] as const) {
    mkdirSync(join(directory, name, 'keys/ca'), { recursive: true });
    writeFileSync(join(directory, name, 'keys/ca/root.crt.pem'), content);
    const said = await onHost(
      `tricordon trust install --data-dir ${directory}/${name} && echo yes || echo "status $?"; ours`,
    );
    expect(said, name).toEqual(['status 1', '0']);
  }
  const gone = await onHost(`
    tricordon trust install --data-dir ${directory}/nothing 2>&1 >/dev/null || echo "status $?"
    tricordon trust remove --fingerprint abc 2>&1 >/dev/null || echo "status $?"
    trust remove --fingerprint ${'ab'.repeat(32)}
  `);
  expect(gone.filter((line) => /^status|^"changed/.test(line))).toEqual(['status 3', 'status 1', '"changed": false']);
});
