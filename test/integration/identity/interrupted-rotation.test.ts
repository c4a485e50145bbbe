/** Each step in changing the root, interrupted before each single write of it. */
import { X509Certificate } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { environment, exec, systemClock } from '../../../src/base/index.js';
import { generateKeyPair, openCertificateAuthority, verifyPeer } from '../../../src/identity/index.js';

const dist = resolve(environment('TEST_DIST') ?? 'dist');
const program = join(import.meta.dirname, 'interrupted-step.mjs');
let base: string;
let directory: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'tc-interrupted-'));
  directory = join(base, 'keys');
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const open = (at = directory) =>
  openCertificateAuthority({ directory: at, trustDomain: 'shop.test', clock: systemClock });

/** Takes the step in a process of its own; the directory as it was before each of its writes, and at the end. */
async function interrupted(at: string, step: string): Promise<string[]> {
  const copies = mkdtempSync(join(base, 'copies-'));
  const whole = join(copies, 'whole');
  cpSync(at, whole, { recursive: true });
  const done = await exec(process.execPath, [program, dist, whole, step, copies]);
  expect(done.status, done.stderr).toBe(0);
  return readdirSync(copies).map((name) => join(copies, name));
}

async function leaf(): Promise<X509Certificate> {
  const ca = await open();
  const id = 'spiffe://shop.test/service/orders';
  return new X509Certificate(ca.issueSvid({ id, publicKey: generateKeyPair().publicKeyPem }).chainPem[0] ?? '');
}

const steps = [
  { step: 'begin', before: 'none', after: 'announced', files: ['next-root', 'root'] },
  { step: 'abort', before: 'announced', after: 'none', files: ['root'] },
  { step: 'switchOver', before: 'announced', after: 'switched', files: ['old-root', 'root'] },
  { step: 'finish', before: 'switched', after: 'none', files: ['root'] },
] as const;

test.each(steps)('$step: the next start finds the one or the other, whole, and goes on', async (row) => {
  const { step, before, after, files } = row;
  const { roots } = await open();
  if (before !== 'none') await roots.begin('ada');
  if (before === 'switched') await roots.switchOver('ada');
  const issued = await leaf();
  const found = await interrupted(directory, step);
  expect(found.length).toBeGreaterThan(5);
  // The start after it is interrupted as well, in the middle of what there is to do.
  const twice = await interrupted(found[Math.floor(found.length / 2)] ?? '', 'open');
  for (const at of [...found, ...twice]) {
    const ca = await open(at);
    const { phase } = ca.roots.state();
    expect([before, after], at).toContain(phase);
    if (step !== 'finish') expect(verifyPeer(issued, ca.bundles(), systemClock.now()).kind, at).toBe('ok');
    if (phase === before) {
      if (step === 'finish') await ca.roots.finish('ada', async () => {});
      else await ca.roots[step]('ada');
    }
    expect(ca.roots.state().phase).toBe(after);
    const keys = readdirSync(at).filter((name) => /root\.key\.pem/.test(name) && !name.startsWith('.'));
    expect(keys, at).toEqual(files.map((name) => `${name}.key.pem`));
    // No copy of a key that has gone stays behind in an unfinished file.
    const gone = readdirSync(at).filter((name) => /^\.(next|old)-root\.key\.pem\./.test(name));
    expect(
      gone.filter((name) => !files.some((file) => name.startsWith(`.${file}.`))),
      at,
    ).toEqual([]);
  }
});
