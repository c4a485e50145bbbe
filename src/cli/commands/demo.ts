import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Account, accountNamed, exec, isRunning, printable, processFacts } from '../../base/index.js';
import { ensureDemoAccount, removeAccounts } from '../../agent/index.js';
import { CliError, type Command, exitCode, flag, text } from '../command.js';
import { openListener } from '../demo/attack.js';
import { type HouseProcess, startHouseProcess } from '../demo/house-process.js';
import { type DemoPlace, demoPlace } from '../demo/location.js';
import { passwordFile, placeShop, shopPostgres } from '../demo/place.js';
import { shortcomings } from '../demo/report.js';
import { play } from '../demo/script.js';
import { programRoot } from '../accounts.js';
import { summary } from '../demo/summary.js';

/** Exit 0 only if everything held: see `shortcomings`. Leaves nothing behind unless `--keep`. */
export const command: Command = async (invocation) => {
  const { output } = invocation;
  const place = demoPlace();
  const began = performance.now();
  const say = (line: string) =>
    output.progress(
      `${output.style('dim', `${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s`)}  ${line}`,
    );
  await sweep(place, say);
  claim(place);
  const keep = flag(invocation, 'keep');
  const wait = output.interactive && !flag(invocation, 'headless') && !keep;
  const listener = await openListener();
  let house: HouseProcess | undefined;
  let interrupted = false;
  const interruption = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        interrupted = true;
        reject(new CliError('demo-failed', 'interrupted'));
      });
    }
  });
  interruption.catch(() => {});
  try {
    const owner = await account(text(invocation, 'user'), place);
    say('preparing the shop');
    placeShop(place, owner);
    writeFileSync(place.configFile, stringify(configuration(place)), { mode: 0o644 });
    house = await Promise.race([startHouseProcess(place, owner?.name, (line) => say(line.trim())), interruption]);
    const report = await Promise.race([
      play({ place, house, listener: `${listener.address}:${listener.port}`, say, output }),
      interruption,
      house.lost,
    ]);
    const problems = shortcomings(report);
    output.result(report, () => summary(output, report, problems, house?.ready, (performance.now() - began) / 1000));
    for (const problem of problems) output.warn(problem);
    if (wait) {
      output.progress('\nThe console stays up. Press Enter or Ctrl-C to end.');
      await Promise.race([enter(), interruption, house.lost]).catch(() => {});
    }
    return problems.length === 0 ? exitCode.done : exitCode.failed;
  } catch (error) {
    if (interrupted) return exitCode.failed;
    showLogs(place, output.progress);
    throw error;
  } finally {
    listener.server.close();
    if (keep && !interrupted && house !== undefined) {
      writeFileSync(join(place.base, 'keep'), '');
      house.release();
      say(`left running; end it with: tricordon down --purge --data-dir ${place.house}`);
    } else {
      say('cleaning up');
      await house?.stop();
      for (const problem of await remove(place)) output.warn(problem);
    }
  }
};

/** What a killed demo left: stopped and removed. A living one is left alone. */
export async function sweep(place: DemoPlace, say: (line: string) => void): Promise<void> {
  if (!existsSync(place.base)) return;
  const holder = existsSync(join(place.base, 'pid'))
    ? readFileSync(join(place.base, 'pid'), 'utf8').split(' ').map(Number)
    : [];
  const kept = existsSync(join(place.base, 'keep'));
  if (kept || (holder[0] !== undefined && isRunning(holder[0], holder[1] ?? 0))) {
    throw new CliError('refused', kept ? 'a demo was left running with --keep' : 'a demo is running already', {
      hint: `end it with: tricordon down --purge --data-dir ${place.house}`,
    });
  }
  say('removing what a killed demo left');
  for (const problem of await remove(place)) say(problem);
}

/** Before anything else: whoever looks meanwhile must see that this demo is alive. */
function claim(place: DemoPlace): void {
  mkdirSync(place.base, { recursive: true, mode: 0o711 });
  writeFileSync(join(place.base, 'pid'), `${process.pid} ${processFacts(process.pid)?.start ?? 0}`);
}

/** Returns what stayed behind, and why. */
async function remove(place: DemoPlace): Promise<string[]> {
  const problems: string[] = [];
  if (existsSync(place.house)) {
    const down = [
      join(programRoot(), 'bin/tricordon.mjs'),
      'down',
      '--purge',
      '--data-dir',
      place.house,
      '--runtime-dir',
      place.runtime,
    ];
    const done = await exec(process.execPath, down, { timeoutMs: 120_000, cwd: '/' });
    // Its records are all that tells what runs: they stay until everything has ended.
    if (done.status !== 0 && existsSync(join(place.house, 'state.json'))) {
      throw new CliError('demo-failed', `the demo could not be removed: ${printable(done.stderr.trim(), 300)}`, {
        hint: `try: tricordon down --purge --data-dir ${place.house} --runtime-dir ${place.runtime}`,
      });
    }
    if (done.status !== 0) problems.push(printable(done.stderr.trim() || done.stdout.trim(), 300));
  }
  if (process.getuid?.() === 0 && existsSync(place.base)) problems.push(...(await removeAccounts(place.base)));
  rmSync(place.runtime, { recursive: true, force: true });
  rmSync(place.base, { recursive: true, force: true });
  return problems;
}

/** Root mode: whom the shop runs as. An ordinary user: that user. */
async function account(asked: string | undefined, place: DemoPlace): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  if (asked === undefined) return ensureDemoAccount(place.base);
  const found = accountNamed(asked);
  if (found === undefined || found.uid === 0)
    throw new CliError('prerequisite', `\`${asked}\` is no account for a shop`, {
      hint: 'name an existing account that is not root, or leave --user out',
    });
  return found;
}

interface ShopService {
  readonly name: string;
  readonly port: number;
  readonly folder: string;
  readonly command: readonly string[];
  readonly calls: readonly string[];
}

function configuration(place: DemoPlace): unknown {
  const services = JSON.parse(readFileSync(join(place.shop, 'services.json'), 'utf8')) as ShopService[]; // our own file
  const words: Readonly<Record<string, string>> = {
    NODE: process.execPath,
    PG_BIN: shopPostgres(place),
    DATA: join(place.shopData, 'postgres'),
    PASSWORD_FILE: passwordFile(place),
  };
  return {
    console: { listen: '127.0.0.1:0' },
    agents: { listen: '127.0.0.1:0' },
    services: services.map((service) => ({
      name: service.name,
      port: service.port,
      // The working directory and all below it stay in sight of the command also where its /tmp is a private one.
      directory: place.base,
      code: place.shop,
      command: service.command.map(
        (word) => words[word] ?? (word.endsWith('.mjs') ? join(place.shop, service.folder, word) : word),
      ),
      calls: service.calls,
      ...(service.name === 'storefront' ? { publish: '127.0.0.1:0' } : {}),
      ...(service.name === 'orders' ? { environment: { ORDERS_DB_PASSWORD_FILE: passwordFile(place) } } : {}),
    })),
  };
}

function showLogs(place: DemoPlace, say: (line: string) => void): void {
  const folder = join(place.house, 'log');
  if (!existsSync(folder)) return; // nothing of ours ever started
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.log') && !file.endsWith('.plane.log'))) {
    const lines = readFileSync(join(folder, name), 'utf8').trim().split('\n').slice(-6);
    if (lines[0] !== '') say(`--- ${name}\n${lines.map((line) => printable(line, 400)).join('\n')}`);
  }
}

function enter(): Promise<void> {
  return new Promise((resolve) => {
    process.stdin.resume();
    process.stdin.once('data', () => {
      process.stdin.pause();
      resolve();
    });
  });
}
