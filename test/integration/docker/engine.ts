/** The Docker Engine as somebody else on the host uses it: looks around, executes in containers, makes foreign ones. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { callEngine, exec, openEngine } from '../../../src/base/index.js';
import { openDocker } from '../../../src/agent/index.js';
import { tree } from '../house/support.js';

export const docker = openDocker;

export async function buildImages(...services: string[]): Promise<void> {
  const done = await exec(process.execPath, [join(tree, 'examples/shop/images.mjs'), ...services], {
    timeoutMs: 150_000,
  });
  if (done.status !== 0) throw new Error(`no images: ${done.stdout}${done.stderr}`);
}

export async function removeImages(): Promise<void> {
  await exec(process.execPath, [join(tree, 'examples/shop/images.mjs'), '--remove'], { timeoutMs: 60_000 });
}

/** The full id of the container in which a service runs. */
export async function containerOf(instance: string, service: string): Promise<string> {
  const engine = await docker();
  const found = await engine.list([`tricordon.instance=${instance}`, 'tricordon.part=workload']);
  for (const { id, running } of found) {
    const labels = (await engine.inspect(id))?.Config.Labels ?? {};
    if (running && labels['tricordon.workload']?.startsWith(`${service}-`)) return id;
  }
  throw new Error(`no container of ${service}`);
}

/** As `docker exec` does it; what it printed to standard output. */
export async function execute(container: string, command: readonly string[]): Promise<string> {
  const body = (value: unknown) => ({ type: 'application/json', bytes: JSON.stringify(value) });
  const made = await callEngine({
    method: 'POST',
    path: `/v1.41/containers/${container}/exec`,
    body: body({ Cmd: command, AttachStdout: true, AttachStderr: true, Tty: true }),
  });
  const { Id } = JSON.parse(made.body.toString('utf8')) as { Id: string }; // the Engine's own answer
  const stream = await openEngine({
    method: 'POST',
    path: `/v1.41/exec/${Id}/start`,
    body: body({ Detach: false, Tty: true }),
    timeoutMs: 60_000,
  });
  let text = '';
  for await (const chunk of stream as AsyncIterable<Buffer>) text += chunk.toString('utf8');
  return text;
}

/** Containers, images and cgroups (of every hierarchy) of an installation that are still there. */
export async function leftInEngine(instance: string): Promise<string[]> {
  const engine = await docker();
  const left = (await engine.list([`tricordon.instance=${instance}`])).map(({ id }) => `container ${id}`);
  for (const line of readFileSync('/proc/self/mounts', 'utf8').split('\n')) {
    const [, mount = '', type = ''] = line.split(' ');
    if (!type.startsWith('cgroup')) continue;
    if (folders(join(mount, 'tricordon')).includes(instance)) left.push(`cgroup ${mount}/tricordon/${instance}`);
  }
  const others = await engine.list(['tricordon.part=holder']);
  if (others.length === 0 && (await engine.image(`tricordon-holder:1-${process.arch}`)) !== undefined)
    left.push('the image of the holder');
  return left;
}

function folders(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
