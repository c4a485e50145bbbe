// Builds the shop's container images out of files of this machine; nothing is downloaded. As root:
// `node images.mjs [--password-file FILE] [SERVICE...]`, then see containers.yaml and mixed.yaml. Prints the names; `--remove`
// takes them away again. The file holds the password of orders' database; only the image of orders gets it.
// One image holds Node, a shell and the shop; each service's own adds where it starts.
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const socketPath = '/var/run/docker.sock';
const services = JSON.parse(readFileSync(join(here, 'services.json'), 'utf8')).filter(
  (one) => one.name !== 'orders-db',
);
const words = process.argv.slice(2);
const passwordAt = words.indexOf('--password-file');
const passwordFile = passwordAt < 0 ? undefined : words.splice(passwordAt, 2)[1];
const asked = words.filter((word) => !word.startsWith('--'));
const wanted = services.filter((one) => asked.length === 0 || asked.includes(one.name));
const base = 'shop-base:local';

if (process.argv.includes('--remove')) {
  for (const name of [...services.map((one) => `shop-${one.name}:local`), base])
    await engine('DELETE', `/images/${name}`);
} else {
  const root = mkdtempSync(join(tmpdir(), 'shop-image-'));
  try {
    fill(root);
    const settings = [
      'USER 64100:64100',
      'ENV NODE=/usr/bin/node',
      'ENV PATH=/usr/bin:/bin',
      'ENV ORDERS_DB_PASSWORD_FILE=/secret/orders-db',
    ];
    const changes = settings.map((line) => `&changes=${encodeURIComponent(line)}`).join('');
    const archive = spawn('tar', ['--create', '--owner=0', '--group=0', '--numeric-owner', '-C', root, '.']).stdout;
    await must('POST', `/images/create?fromSrc=-&repo=shop-base&tag=local${changes}`, archive, 'application/x-tar');
    for (const { name, folder } of wanted) {
      const start = ['/usr/bin/node', 'server.mjs'];
      const made = JSON.parse(await must('POST', '/containers/create', JSON.stringify({ Image: base, Cmd: start })));
      if (name === 'orders' && passwordFile !== undefined)
        await must('PUT', `/containers/${made.Id}/archive?path=/`, secret(passwordFile), 'application/x-tar');
      const lines = [`WORKDIR /shop/${folder}`, `ENTRYPOINT ${JSON.stringify(start)}`, 'CMD []'];
      const change = lines.map((line) => `&changes=${encodeURIComponent(line)}`).join('');
      await must('POST', `/commit?container=${made.Id}&repo=shop-${name}&tag=local${change}`, '{}');
      await must('DELETE', `/containers/${made.Id}`);
      process.stdout.write(`shop-${name}:local\n`);
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Node and a shell with the libraries they name, the shop's files, and what the C library looks names up by. */
function fill(root) {
  const programs = [
    [realpathSync(process.execPath), '/usr/bin/node'],
    [realpathSync('/bin/sh'), '/bin/sh'],
  ];
  for (const [from, to] of programs) {
    copy(root, from, to);
    for (const line of libraries(from)) copy(root, realpathSync(line), line);
  }
  cpSync(here, join(root, 'shop'), { recursive: true, filter: (path) => !path.endsWith('.test.ts') });
  packages(root, 'pg');
  mkdirSync(join(root, 'etc'), { recursive: true });
  writeFileSync(join(root, 'etc/nsswitch.conf'), 'hosts: files dns\n');
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\nshop:x:64100:64100::/shop:/bin/sh\n');
  // It becomes the root of the image, and belongs to us alone so far.
  chmodSync(root, 0o755);
  mkdirSync(join(root, 'tmp'), { mode: 0o777, recursive: true });
  execFileSync('chmod', ['1777', join(root, 'tmp')]);
}

/** An archive with the password where orders looks for it. */
function secret(file) {
  const root = mkdtempSync(join(tmpdir(), 'shop-secret-'));
  try {
    mkdirSync(join(root, 'secret'));
    writeFileSync(join(root, 'secret/orders-db'), readFileSync(file), { mode: 0o400 });
    return execFileSync('tar', ['--create', '--owner=64100', '--group=64100', '--numeric-owner', '-C', root, 'secret']);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** The one package that the shop needs, and those it needs, from the nearest `node_modules`. */
function packages(root, name, seen = new Set()) {
  if (seen.has(name)) return;
  seen.add(name);
  let at = here;
  while (!existsSync(join(at, 'node_modules', name)) && at !== '/') at = dirname(at);
  const from = join(at, 'node_modules', name);
  if (!existsSync(from)) return;
  cpSync(from, join(root, 'shop/node_modules', name), { recursive: true, dereference: true });
  const { dependencies = {} } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
  for (const one of Object.keys(dependencies)) packages(root, one, seen);
}

function libraries(program) {
  const text = execFileSync('ldd', [program], { encoding: 'utf8' });
  return text.split('\n').flatMap((line) => /(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}

function copy(root, from, to) {
  mkdirSync(join(root, dirname(to)), { recursive: true });
  copyFileSync(from, join(root, to));
}

async function must(method, path, body, type = 'application/json') {
  const { status, text } = await engine(method, path, body, type);
  if (status >= 400) throw new Error(`the Docker Engine refused ${path.split('?')[0]} (${status}): ${text}`);
  return text;
}

function engine(method, path, body, type = 'application/json') {
  return new Promise((resolve, reject) => {
    const sent = request(
      { socketPath, method, path, headers: { host: 'docker', 'content-type': type } },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode, text }));
      },
    );
    sent.on('error', reject);
    if (typeof body?.pipe === 'function') body.pipe(sent);
    else sent.end(body);
  });
}
