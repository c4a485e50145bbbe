// The engines that are compared with, from their registries at pinned versions into an ignored folder.
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exec, which } from '../../dist/base/index.js';

const here = dirname(fileURLToPath(import.meta.url));
export const cache = join(here, '../.cache/decide');
export const policy = join(here, 'policy.rego');
const wasm = join(here, 'policy.wasm');
export const opaBinary = join(cache, 'opa');
const npmPeers = ['cedar-wasm', 'casbin', 'opa-wasm'];

/** Names of the peers that can be had, and of those that cannot the reason and what to do. */
export async function fetchPeers() {
  mkdirSync(cache, { recursive: true });
  const fromNpm = await npmProblem();
  const fromGo = await goProblem();
  const fix = { npm: 'needs npm and its registry once', go: 'install Go 1.26 or newer; needs the module proxy once' };
  if (fromGo === undefined) await checkWasm();
  const missing = [];
  if (fromNpm !== undefined) for (const peer of npmPeers) missing.push({ peer, reason: fromNpm, fix: fix.npm });
  if (fromGo !== undefined) missing.push({ peer: 'opa', reason: fromGo, fix: fix.go });
  const names = [...npmPeers, 'opa'].filter((name) => !missing.some(({ peer }) => peer === name));
  return { names, missing };
}

async function npmProblem() {
  const files = ['package.json', 'package-lock.json'];
  const same = (file) =>
    existsSync(join(cache, file)) &&
    readFileSync(join(cache, file), 'utf8') === readFileSync(join(here, 'peers', file), 'utf8');
  if (existsSync(join(cache, 'node_modules')) && files.every(same)) return undefined;
  for (const file of files) copyFileSync(join(here, 'peers', file), join(cache, file));
  return await problemOf('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], cache);
}

async function goProblem() {
  const go = which('go') ?? (existsSync('/usr/local/go/bin/go') ? '/usr/local/go/bin/go' : undefined);
  if (go === undefined) return 'go is not installed';
  return await problemOf(go, ['build', '-mod=readonly', '-o', opaBinary, '.'], join(here, 'opa'));
}

/** The policy that opa-wasm runs is the one that OPA runs. */
async function checkWasm() {
  const made = join(cache, 'policy.wasm');
  const problem = await problemOf(opaBinary, ['wasm', 'policy.rego', made], here);
  if (problem !== undefined) throw new Error(`policy.rego does not compile: ${problem}`);
  if (!readFileSync(made).equals(readFileSync(wasm))) {
    throw new Error('policy.wasm is not what policy.rego compiles to: rebuild it as bench/decide/README.md says');
  }
}

/** Undefined when the program did its work. */
async function problemOf(program, args, cwd) {
  const { status, stderr, error } = await exec(program, args, { cwd, env: process.env, timeoutMs: 600_000 });
  if (status === 0) return undefined;
  const why = error?.message ?? stderr.trim().split('\n').at(-1);
  return `${[basename(program), ...args].join(' ')} fails: ${why}`;
}
