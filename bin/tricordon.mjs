#!/usr/bin/env node
// Checks the Node version and that the program is built, then hands over to dist/cli.
import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`tricordon needs Node.js 20.19 or newer; this is ${process.version}\n`);
  process.exit(3);
}
const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
if (!existsSync(main)) await build();
await import(pathToFileURL(main).href);

async function build() {
  const script = new URL('../scripts/build.mjs', import.meta.url);
  const how = `build it with: npm --prefix ${fileURLToPath(new URL('..', import.meta.url))} run build`;
  if (!existsSync(script)) {
    process.stderr.write(`tricordon: dist/ is missing from this package; reinstall it\n`);
    process.exit(1);
  }
  process.stderr.write('tricordon: first start from a source tree, building dist/ …\n');
  try {
    const { build: run } = await import(script.href);
    await run({ quiet: true });
  } catch (error) {
    process.stderr.write(`tricordon: cannot build: ${error instanceof Error ? error.message : error}\n${how}\n`);
    process.exit(3);
  }
}
