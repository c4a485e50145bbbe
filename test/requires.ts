/**
 * A test states which real components it needs; where one is missing it skips with the reason, and under
 * `REQUIRE=all` it fails instead. What was missing is written to `.tricordon/skipped.ndjson` for the closing table.
 */
import { appendFileSync, mkdirSync } from 'node:fs';
import { test } from 'vitest';
import { environment, probe } from '../src/base/index.js';
import { findBundled } from '../src/store/cluster/bundled.js';

export const components = [
  'root',
  'docker',
  'bpftrace',
  'bpf',
  'landlock',
  'nftables',
  'iproute2',
  /** Any real server: the system's, or the one shipped through npm. */
  'postgresql',
  'postgresql-system',
  'strace',
  'bubblewrap',
  'chromium',
  'userns',
  'go',
  'python',
  'nginx',
  'openssl',
  'curl',
] as const;
export type Component = (typeof components)[number];

const cache = new Map<string, Promise<string | undefined>>();

/** Vitest's `test`, or a skipping one that carries the reason. Await it at the top of the test file. */
export async function requires(...needed: readonly Component[]): Promise<typeof test | typeof test.skip> {
  const missing: string[] = [];
  for (const name of needed) {
    const reason = await (cache.get(name) ?? remember(name));
    if (reason !== undefined) missing.push(`${name}: ${reason}`);
  }
  return missing.length === 0 ? test : lacking(missing);
}

/** The skipping `test` for what is no component of the host, each with its reason: packages that cannot be fetched. */
export function lacking(missing: readonly string[]): typeof test.skip {
  if (environment('REQUIRE') === 'all') throw new Error(`REQUIRE=all, and missing: ${missing.join('; ')}`);
  mkdirSync('.tricordon', { recursive: true });
  appendFileSync('.tricordon/skipped.ndjson', `${JSON.stringify({ missing })}\n`);
  return test.skip;
}

function remember(name: Component): Promise<string | undefined> {
  const looked = probe(name === 'postgresql-system' ? 'postgresql' : name).then(async (result) => {
    if (result.status === 'ok' || (name === 'postgresql' && (await findBundled()) !== undefined)) return undefined;
    return `${result.detail}${result.fix === undefined ? '' : ` (${result.fix})`}`;
  });
  cache.set(name, looked);
  return looked;
}
