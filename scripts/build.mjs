// Builds dist/: the TypeScript of src/, the console of ui/ and the bill of materials. Written beside and swapped in, so that a build that
// fails or is interrupted leaves the old dist/ standing.
import { execFile } from 'node:child_process';
import { mkdir, rename, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { writeSbom } from './sbom.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const run = promisify(execFile);

export async function build({ quiet = false } = {}) {
  const started = performance.now();
  const next = join(root, `.dist-${process.pid}`);
  await rm(next, { recursive: true, force: true });
  await mkdir(next, { recursive: true });
  try {
    await step('src', () => tool('typescript/bin/tsc', ['-p', 'tsconfig.build.json', '--outDir', next]));
    if (existsSync(join(root, 'ui/index.html')))
      await step('ui', () =>
        tool('vite/bin/vite.js', ['build', 'ui', '--outDir', join(next, 'ui'), '--emptyOutDir', '--logLevel', 'warn']),
      );
    await step('sbom', async () => writeSbom(root, next));
    const old = `${next}-old`;
    if (existsSync(join(root, 'dist'))) await rename(join(root, 'dist'), old);
    await rename(next, join(root, 'dist'));
    await rm(old, { recursive: true, force: true });
  } finally {
    await rm(next, { recursive: true, force: true });
  }
  if (!quiet) process.stderr.write(`built dist/ in ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
}

async function tool(script, args) {
  const path = join(root, 'node_modules', script);
  if (!existsSync(path)) throw new Error(`${script.split('/')[0]} is not installed (run \`npm ci\`)`);
  await run(process.execPath, [path, ...args], { cwd: root, maxBuffer: 1 << 24 });
}

async function step(name, work) {
  try {
    await work();
  } catch (error) {
    throw new Error(
      `${name}: ${String(error.stdout ?? '')}${String(error.stderr ?? '')}${error.stdout ? '' : error.message}`,
    );
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  build({ quiet: process.argv.includes('--quiet') }).catch((error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
}
