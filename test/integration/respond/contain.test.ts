import { generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { isRunning, minimalEnvironment, processFacts, spawnProcess, systemClock } from '../../../src/base/index.js';
import {
  CaptureSpec,
  evidenceSources,
  helperHands,
  hostEnforcer,
  launchOf,
  socketPair,
  sweepHouse,
} from '../../../src/agent/confine/index.js';
import { type HelperClient, helperClient } from '../../../src/agent/helper/index.js';
import { codeTree } from '../../../src/identity/index.js';
import { applyAction, collectBundle, planResponse, signManifest, verifyBundle } from '../../../src/respond/index.js';
import { account, type House, type Program, testHouse, testProgram, testSpec } from '../confine/support.js';
import { requires } from '../../requires.js';

const it = await requires('root', 'nftables', 'iproute2');

let program: Program;
let house: House;
let client: HelperClient;
let helper: ReturnType<typeof spawnProcess>;
let spec: CaptureSpec;

beforeAll(async () => {
  if (process.getuid?.() !== 0) return;
  program = testProgram();
  house = testHouse();
  spec = CaptureSpec.parse({ ...testSpec(house, program), uid: 65_533, gid: 65_533 });
  const [ours, theirs] = await socketPair();
  const settings = {
    instance: spec.instance,
    agent: account,
    dataDir: house.dataDir,
    runtimeDir: house.runtimeDir,
    programDir: program.programDir,
    nodePath: program.nodePath,
  };
  const words = [`${program.programDir}/dist/agent/helper/main.js`, JSON.stringify(settings)];
  helper = spawnProcess(program.nodePath, words, { stdio: ['ignore', 'inherit', 'inherit', theirs] });
  theirs.destroy();
  client = helperClient(ours);
});

afterAll(async () => {
  client?.close();
  helper?.kill('SIGKILL');
  if (spec !== undefined) await sweepHouse(spec.instance);
  house?.remove();
  program?.remove();
});

describe('containment', () => {
  it('stops a command, proves what it was, and ends it, in the order of the plan', async () => {
    writeFileSync(join(house.cwd, 'app.sh'), 'approved');
    const cleanFiles = codeTree(house.cwd).files;
    writeFileSync(join(house.cwd, 'dropped.sh'), 'left by the attacker');
    const prepared = await client.ask('workload.prepare', { spec });
    const launch = launchOf(prepared, spec);
    const child = spawnProcess(launch.file, [...launch.args, 'sleep', 'infinity'], {
      stdio: 'ignore',
      env: minimalEnvironment({ TOKEN_OF_THE_SHOP: 'never-in-evidence' }),
    });
    const start = processFacts(child.pid ?? 0)?.start ?? 0;
    const target = { prepared, process: { pid: child.pid ?? 0, start } };
    while (processFacts(target.process.pid)?.comm !== 'sleep') await new Promise((resolve) => setImmediate(resolve));

    const keys = generateKeyPairSync('ed25519');
    const directory = join(house.dataDir, 'b1');
    const hands = helperHands(client);
    const enforcer = hostEnforcer({
      hands,
      find: (id) => (id === spec.workload ? target : undefined),
      restart: async () => ({ status: 'unavailable', detail: 'nobody holds this command' }),
      collect: async () => {
        const sources = await evidenceSources({ hands, target, codeDirectory: house.cwd, cleanFiles, more: [] });
        const about = {
          id: 'b1',
          incident: 'INC-1',
          service: 'web',
          workload: spec.workload,
          host: 'h',
          collectedBy: 'test',
        };
        const manifest = await collectAs(directory, about, sources);
        await signManifest(directory, manifest, (bytes) => sign(null, bytes, keys.privateKey).toString('base64'));
        return {
          status: 'done',
          detail: `${manifest.files.length} files, missing: ${JSON.stringify(manifest.missing)}`,
        };
      },
    });
    let next = 0;
    const plan = planResponse({
      incident: { id: 'INC-1', signals: [], services: ['web'] },
      workloads: [{ id: spec.workload, service: 'web', host: 'h', capture: 'netns', state: 'running' }],
      end: 'kill',
      requestedBy: 'test',
      now: 1,
      newId: () => `a${next++}`,
    });
    const results: string[] = [];
    for (const action of plan) {
      const { kind, status, detail } = await applyAction(action, { host: enforcer, clock: systemClock });
      results.push(`${kind} ${status}`);
      if (kind === 'collect') expect(detail).toBe('3 files, missing: []');
    }
    expect(results).toEqual(['pause done', 'collect done', 'isolate done', 'revoke unavailable', 'kill done']);
    expect(isRunning(target.process.pid, start)).toBe(false);

    const pem = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect(await verifyBundle(directory, [{ publicKey: pem }])).toMatchObject({ ok: true, problems: [] });
    const facts = readFileSync(join(directory, `processes/${target.process.pid}.json`), 'utf8');
    expect(facts).toContain('TOKEN_OF_THE_SHOP');
    expect(facts).not.toContain('never-in-evidence');
    const code = JSON.parse(readFileSync(join(directory, 'code.json'), 'utf8'));
    expect(code.added.map((file: { path: string }) => file.path)).toEqual(['dropped.sh']);
    await client.ask('workload.cleanup', { prepared });
  });
});

/** The agent collects under its own account: here its effective id is taken on for as long as that lasts. */
async function collectAs(
  directory: string,
  about: Parameters<typeof collectBundle>[0]['about'],
  sources: Parameters<typeof collectBundle>[0]['sources'],
): ReturnType<typeof collectBundle> {
  process.setegid?.(account.gid);
  process.seteuid?.(account.uid);
  try {
    return await collectBundle({ directory, about, clock: systemClock, sources });
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}
