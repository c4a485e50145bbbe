import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silent, systemClock } from '../base/index.js';
import {
  type Bundles,
  type CertificateAuthority,
  createSvidSource,
  generateKeyPair,
  openCertificateAuthority,
  type SvidSource,
  svidFrom,
} from '../identity/index.js';
import { trustedRoots } from './trusted-roots.js';

const td = 'house.test';
const id = `spiffe://${td}/service/orders`;
let directory: string;
let old: CertificateAuthority;
let next: CertificateAuthority;
let signing: CertificateAuthority;
let planes: (number | null)[];
let trusts: Bundles[];
let source: SvidSource;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tc-roots-'));
  const open = (name: string) =>
    openCertificateAuthority({ directory: join(directory, name), trustDomain: td, clock: systemClock });
  [old, next] = await Promise.all([open('old'), open('next')]);
  signing = old;
  planes = [];
  trusts = [];
  const keys = generateKeyPair();
  source = createSvidSource({
    clock: systemClock,
    initial: svidFrom(keys.privateKeyPem, old.issueSvid({ id, publicKey: keys.publicKeyPem }).chainPem),
    renew: async (publicKey) => signing.issueSvid({ id, publicKey }).chainPem,
  });
});
afterEach(() => {
  source.stop();
  rmSync(directory, { recursive: true, force: true });
});

function followed(trust: (bundles: Bundles) => boolean = () => true) {
  const roots = trustedRoots({
    trustDomain: td,
    planes: () => planes,
    log: silent,
    trust: (bundles) => {
      trusts.push(bundles);
      return trust(bundles);
    },
  });
  roots.follow(source);
  return roots;
}

const both = () => ({ [td]: [...old.bundle(), ...next.bundle()] });

test('roots are reported when every data plane process has confirmed them, and not before', () => {
  const roots = followed();
  planes = [null, 7];
  roots.take({ revision: 7, bundles: old.bundles(), issuer: old.issuer() });
  expect(roots.facts()).toBeUndefined();
  planes = [7, 7];
  expect(roots.facts()).toEqual({ trusted: [old.issuer()], used: [old.issuer()] });
  roots.take({ revision: 9, bundles: both(), issuer: old.issuer() });
  expect(roots.facts()).toBeUndefined();
  planes = [9, 8];
  expect(roots.facts()).toBeUndefined();
  planes = [9, 10];
  expect(roots.facts()).toEqual({ trusted: [old.issuer(), next.issuer()], used: [old.issuer()] });
});

test('roots that the host does not take over are not said to be trusted', () => {
  const roots = followed((bundles) => bundles[td]?.length === 1);
  roots.take({ revision: 1, bundles: old.bundles(), issuer: old.issuer() });
  roots.take({ revision: 2, bundles: both(), issuer: next.issuer() });
  expect(trusts).toHaveLength(2);
  expect(roots.facts()).toEqual({ trusted: [old.issuer()], used: [old.issuer()] });
});

test('certificates of a root that signs no more are replaced, tried again with each word, and let go of with their source', async () => {
  const roots = followed();
  const other = { current: () => source.current(), renewNow: () => Promise.reject(new Error('let go of')) };
  roots.follow(other)();
  const changed = new Promise<void>((resolve) => source.onChange(() => resolve()));
  // Refused: whoever signs still uses the old key.
  roots.take({ revision: 3, bundles: both(), issuer: next.issuer() });
  await changed;
  expect(roots.facts()?.used).toEqual([old.issuer()]);
  signing = next;
  const again = new Promise<void>((resolve) => source.onChange(() => resolve()));
  await new Promise((resolve) => setImmediate(resolve));
  roots.take({ revision: 3, bundles: both(), issuer: next.issuer() });
  await again;
  expect(roots.facts()?.used).toEqual([next.issuer()]);
  const held = source.current();
  roots.take({ revision: 4, bundles: both(), issuer: next.issuer() });
  await new Promise((resolve) => setImmediate(resolve));
  expect(source.current()).toBe(held);
});

test('a control plane that does not name its root makes nobody renew', async () => {
  const roots = followed();
  const held = source.current();
  roots.take({ revision: 3, bundles: both() });
  await new Promise((resolve) => setImmediate(resolve));
  expect(source.current()).toBe(held);
});

test('a renewal that fails holds up neither the others nor the next try', async () => {
  const roots = followed();
  let tries = 0;
  const stale = source.current();
  const failing = {
    current: () => stale,
    renewNow: async () => {
      tries += 1;
      throw new Error('no');
    },
  };
  roots.follow(failing);
  roots.take({ revision: 7, bundles: both(), issuer: old.issuer() });
  signing = next;
  for (const wanted of [1, 2]) {
    roots.take({ revision: 7 + wanted, bundles: both(), issuer: next.issuer() });
    await expect.poll(() => tries).toBeGreaterThanOrEqual(wanted);
  }
});
