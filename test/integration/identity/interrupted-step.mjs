// `node interrupted-step.mjs DIST DIRECTORY STEP COPIES`: takes a step in changing the root, and before each of its writes leaves a
// copy of the directory in COPIES/0, COPIES/1, …: what is on the disk when the process is killed there.
import { cpSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { pathToFileURL } from 'node:url';

const [dist, directory, step, copies] = process.argv.slice(2);
let writes = 0;
for (const name of ['open', 'link', 'rename', 'rm']) {
  const real = fs[name];
  fs[name] = (...given) => {
    if (name !== 'open' || given[1] === 'wx') {
      cpSync(directory, `${copies}/${writes}`, { recursive: true });
      writes += 1;
    }
    return real(...given);
  };
}
syncBuiltinESMExports();
const { openCertificateAuthority } = await import(pathToFileURL(`${dist}/identity/index.js`).href);
const { systemClock } = await import(pathToFileURL(`${dist}/base/index.js`).href);
const { roots } = await openCertificateAuthority({ directory, trustDomain: 'shop.test', clock: systemClock });
if (step === 'finish') await roots.finish('ada', async () => {});
else if (step !== 'open') await roots[step]('ada');
