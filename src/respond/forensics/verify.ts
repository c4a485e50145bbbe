import { verify } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, printable } from '../../base/index.js';
import { EvidenceManifest } from '../../model/index.js';
import { hashOf, isBundleName } from './bundle.js';

export interface BundleProblem {
  readonly code: 'unreadable' | 'malformed' | 'signature' | 'missing' | 'changed' | 'extra' | 'path' | 'link';
  readonly path: string;
  readonly message: string;
}

/** SPKI PEM (or certificate) of a key of the control plane: Ed25519, ECDSA or RSA with SHA-256. */
export interface BundleKey {
  readonly publicKey: string;
  /** When it was replaced, ms since 1970; null or left out: it was not. */
  readonly until?: number | null;
}

export interface BundleVerdict<K extends BundleKey = BundleKey> {
  readonly ok: boolean;
  readonly problems: readonly BundleProblem[];
  /** Only when it was signed as it stands. */
  readonly manifest: EvidenceManifest | null;
  /** The key that signed it. */
  readonly signedBy: K | null;
}

const maxManifestBytes = 16 << 20;
const maxEntries = 100_000;
/** Hosts say when they collected, the control plane when it changed its key. */
const clockSkewMs = 600_000;

/**
 * Whether a bundle is exactly what was collected: signed by one of the keys given while it counted, every file there and
 * unchanged, nothing added, no link. Nothing in the bundle is trusted before the signature holds, and no path in it is
 * followed outside.
 */
export async function verifyBundle<K extends BundleKey>(
  directory: string,
  keys: readonly K[],
): Promise<BundleVerdict<K>> {
  const problems: BundleProblem[] = [];
  const found = (code: BundleProblem['code'], path: string, message: string) => {
    problems.push({ code, path: printable(path, 200), message });
  };
  const text = plainFile(directory, 'manifest.json', found);
  const signature = plainFile(directory, 'manifest.sig', found);
  if (text === undefined || signature === undefined) return { ok: false, problems, manifest: null, signedBy: null };
  const signedBy = keys.findLast(({ publicKey }) => signed(text, signature, publicKey)) ?? null;
  if (signedBy === null) {
    const whom = keys.length === 1 ? 'this key' : 'any of the keys';
    found('signature', 'manifest.sig', `the manifest was not signed by ${whom}, or was changed since`);
    return { ok: false, problems, manifest: null, signedBy };
  }
  const manifest = parse(text);
  if (manifest === undefined) {
    found('malformed', 'manifest.json', 'the manifest is not one of ours');
    return { ok: false, problems, manifest: null, signedBy };
  }
  const { until } = signedBy;
  if (until !== undefined && until !== null && manifest.collectedAt > until + clockSkewMs) {
    const replaced = new Date(until).toISOString();
    found(
      'signature',
      'manifest.sig',
      `collected after its key was replaced (${replaced}): that key signs nothing any more`,
    );
  }
  const listed = new Set<string>();
  for (const file of manifest.files) {
    if (!isBundleName(file.path) || listed.has(file.path)) {
      found('path', file.path, 'a name that leads out of the bundle, or stands twice');
      continue;
    }
    listed.add(file.path);
    await checkFile(directory, file, found);
  }
  for (const path of entries(directory, found)) {
    if (path === 'manifest.json' || path === 'manifest.sig' || listed.has(path)) continue;
    found('extra', path, 'not in the manifest');
  }
  return { ok: problems.length === 0, problems, manifest, signedBy };
}

type Report = (code: BundleProblem['code'], path: string, message: string) => void;

async function checkFile(directory: string, file: EvidenceManifest['files'][number], found: Report): Promise<void> {
  try {
    // Each folder on the way counts too: a linked folder would show files from elsewhere.
    const parts = file.path.split('/');
    for (let depth = 1; depth <= parts.length; depth += 1) {
      const facts = lstatSync(join(directory, ...parts.slice(0, depth)));
      const wanted = depth === parts.length ? facts.isFile() : facts.isDirectory();
      if (!wanted) return found('link', file.path, 'a link or special file stands in its place');
    }
    const { bytes, sha256 } = await hashOf(join(directory, file.path));
    if (bytes !== file.bytes || sha256 !== file.sha256) found('changed', file.path, 'not what was collected');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') found('missing', file.path, 'no longer there');
    else found('unreadable', file.path, `cannot be read (${codeOf(error) ?? 'error'})`);
  }
}

function* entries(directory: string, found: Report): Generator<string> {
  const folders = [''];
  let count = 0;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of readdirSync(join(directory, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      count += 1;
      if (count > maxEntries) return found('extra', path, 'far more files than a bundle has');
      if (entry.isDirectory()) folders.push(path);
      else yield path;
    }
  }
}

function plainFile(directory: string, name: string, found: Report): string | undefined {
  try {
    const facts = lstatSync(join(directory, name));
    if (!facts.isFile()) return void found('link', name, 'not a plain file');
    if (facts.size > maxManifestBytes) return void found('malformed', name, 'far too large');
    return readFileSync(join(directory, name), 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') found('missing', name, 'no longer there');
    else found('unreadable', name, `cannot be read (${codeOf(error) ?? 'error'})`);
    return undefined;
  }
}

function signed(text: string, signature: string, publicKeyPem: string): boolean {
  const bytes = Buffer.from(signature.trim(), 'base64');
  for (const algorithm of [null, 'sha256']) {
    try {
      if (verify(algorithm, Buffer.from(text), publicKeyPem, bytes)) return true;
    } catch {
      // Ed25519 takes no digest, the others need one
    }
  }
  return false;
}

function parse(text: string): EvidenceManifest | undefined {
  try {
    const parsed = EvidenceManifest.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
