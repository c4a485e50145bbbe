/** Carries out the actions that the control plane approved for this host, once each, and says how they went. */
import { createReadStream, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, codeOf, type Logger, type DiskLevel } from '../base/index.js';
import { wholeDigest } from '../identity/index.js';
import type { Action, PlaneSnapshot } from '../model/index.js';
import { applyAction, collectBundle, type EvidenceSource, manifestText, type StepResult } from '../respond/index.js';
import { type ReadableSpool, readSpool } from '../store/index.js';
import { memoryBytesFor } from './disk.js';
import { evidenceSources, type Hands, hostEnforcer, type Target } from './confine/index.js';
import { Anything } from './control-answers.js';
import type { ControlClient } from './control-client.js';
import type { AgentSettings } from './settings.js';
import type { WorkloadRecord } from './workload-record.js';
import type { Workloads } from './workloads.js';

export interface CarrierOptions {
  readonly workloads: Workloads;
  readonly hands: Hands;
  readonly client: ControlClient;
  readonly spool: ReadableSpool;
  readonly settings: Pick<AgentSettings, 'directory' | 'logDirectory' | 'host'>;
  readonly snapshot: () => PlaneSnapshot | undefined;
  readonly disk: () => DiskLevel;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Carrier {
  carry(actions: readonly Action[]): void;
}

const beforeMs = 10 * 60_000;

export function createCarrier(options: CarrierOptions): Carrier {
  const { workloads, hands, client, clock, log } = options;
  // Left by an agent that was killed while it collected.
  rmSync(join(options.settings.directory, 'evidence'), { recursive: true, force: true });
  const seen = new Set<string>();
  let queue: Promise<void> = Promise.resolve();
  let current: Action | undefined;
  const enforcer = hostEnforcer({
    hands,
    find: (id) => {
      const entry = workloads.entry(id);
      return entry === undefined ? undefined : { prepared: entry.record.prepared, process: entry.record.process };
    },
    restart,
    collect,
  });

  return {
    carry: (actions) => {
      for (const action of actions) {
        if (seen.has(action.id)) continue;
        seen.add(action.id);
        queue = queue.then(() => one(action));
      }
    },
  };

  async function one(action: Action): Promise<void> {
    current = action;
    const done = await applyAction(action, { host: enforcer, clock });
    if (done.status === 'done' && action.workload !== null) settleState(action);
    log.info(
      { action: action.id, kind: action.kind, service: action.service, status: done.status, detail: done.detail },
      'action carried out',
    );
    const status = done.status === 'done' || done.status === 'unavailable' ? done.status : 'failed';
    for (let attempt = 0; attempt < 100; attempt += 1) {
      try {
        await client.call('POST', `/agent/v1/actions/${action.id}`, { status, detail: done.detail }, Anything);
        return;
      } catch (error) {
        if (codeOf(error) === 'control-refused') return;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  }

  function settleState(action: Action): void {
    const states = {
      pause: 'paused',
      resume: 'running',
      isolate: 'isolated',
      rejoin: 'running',
      restart: 'running',
    } as const;
    const state = action.kind in states ? states[action.kind as keyof typeof states] : undefined; // the keys are checked
    if (state !== undefined && action.workload !== null && workloads.entry(action.workload) !== undefined)
      workloads.setState(action.workload, state);
  }

  /** The command is ended and started again by the `run` that holds it, if its code is what was approved. */
  async function restart(id: string): Promise<StepResult> {
    const entry = workloads.entry(id);
    if (entry === undefined) return { status: 'failed', detail: `no workload \`${id}\` runs on this host` };
    const { record } = entry;
    const { service } = record.request;
    const clean = options.snapshot()?.contracts.find((version) => version.service === service)?.clean;
    const target = { prepared: record.prepared, process: record.process };
    const { digest, wanted, where } = await codeNow(target, record, clean ?? {});
    if (wanted !== digest)
      return {
        status: 'failed',
        detail: `the code in ${where} is not what was approved (${digest}, approved ${wanted ?? 'none'})`,
      };
    // What was taken from the old process is given back before the new one starts: it would stand still and mute otherwise.
    // Whoever is suspected gets no time to tidy up; whoever is restarted to be held anew does.
    const calm = current?.incident === null && record.state === 'running';
    const ended = await workloads.order(id, calm ? 'quit' : 'end', 30_000);
    if (!ended.ok) return { status: 'failed', detail: ended.detail };
    await hands.kill(target);
    await hands.resume(target);
    await hands.rejoin(target).catch(() => {});
    const result = await workloads.order(id, 'restart', 60_000);
    return {
      status: result.ok ? 'done' : 'failed',
      detail: result.ok ? `started again from ${digest}` : result.detail,
    };
  }

  /** The code that a restart would run, and the one that was approved, else the one that was attested. */
  async function codeNow(
    target: Target,
    { request, attestation }: WorkloadRecord,
    clean: Readonly<Record<string, string>>,
  ): Promise<{ digest: string; wanted: string | undefined; where: string }> {
    const { image, codeDirectory } = request;
    if (image !== null) {
      const attested = attestation?.kind === 'docker' ? attestation.imageConfig : undefined;
      return { digest: image.digest, wanted: clean['image'] ?? attested, where: `image ${image.name}` };
    }
    const attested = attestation?.kind === 'process' ? attestation.codeDigest : undefined;
    const where = codeDirectory ?? request.cwd;
    return { digest: wholeDigest(await hands.codeTree(target, where)), wanted: clean['code'] ?? attested, where };
  }

  /** Nothing of it stays on this host, whatever became of it: it may be memory, and a disk may be short of room. */
  async function collect(id: string): Promise<StepResult> {
    const folder = join(options.settings.directory, 'evidence');
    try {
      return await gather(id, folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  async function gather(id: string, folder: string): Promise<StepResult> {
    const entry = workloads.entry(id);
    if (entry === undefined || current === undefined)
      return { status: 'failed', detail: `no workload \`${id}\` runs on this host` };
    const action = current;
    const { record } = entry;
    const bundle = `ev-${action.id.toLowerCase().replace(/[^a-z0-9-]/g, '-')}`;
    const directory = join(folder, bundle);
    rmSync(directory, { recursive: true, force: true });
    const sources = await evidenceSources({
      hands,
      target: { prepared: record.prepared, process: record.process },
      codeDirectory: record.request.codeDirectory,
      cleanFiles: null,
      maxMemoryBytes: memoryBytesFor(options.disk()),
      more: [events(), ...logs(record.request.service, id)],
    });
    const manifest = await collectBundle({
      directory,
      about: {
        id: bundle,
        incident: action.incident,
        service: record.request.service,
        workload: id,
        host: options.settings.host,
        collectedBy: action.requestedBy,
      },
      clock,
      sources,
    });
    for (const file of manifest.files) {
      await client.call(
        'POST',
        `/agent/v1/evidence/${bundle}/file?path=${encodeURIComponent(file.path)}`,
        undefined,
        Anything,
        {
          stream: createReadStream(join(directory, file.path)),
          timeoutMs: 300_000,
        },
      );
    }
    await client.call('POST', `/agent/v1/evidence/${bundle}`, JSON.parse(manifestText(manifest)), Anything, {
      timeoutMs: 120_000,
    });
    const missing =
      manifest.missing.length === 0 ? '' : `; missing: ${manifest.missing.map((item) => item.what).join(', ')}`;
    return { status: 'done', detail: `bundle ${bundle}: ${manifest.files.length} files${missing}`.slice(0, 2_000) };
  }

  /** Ten minutes of this host's events, all services: what stood around the incident, straight from the spool. */
  function events(): EvidenceSource {
    return {
      what: 'observations of this host, ten minutes before to now',
      path: 'observations.ndjson',
      gather: async () => spooled(clock.now() - beforeMs),
    };
  }

  async function* spooled(since: number): AsyncGenerator<unknown> {
    for await (const item of readSpool(options.spool, { since })) {
      if (item.kind === 'problem')
        yield { problem: item.problem, segment: item.segment, sequence: item.sequence, detail: item.detail };
      else yield* item.observations;
    }
  }

  function logs(service: string, id: string): EvidenceSource[] {
    const folder = options.settings.logDirectory;
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((name) => name.startsWith(`${service}-${id.slice(-8)}`))
      .map((name) => ({
        what: `log of the sidecar (${name})`,
        path: `logs/${name}`,
        gather: async () => {
          const path = join(folder, name);
          const { size } = statSync(path);
          return readFileSync(path).subarray(Math.max(0, size - (1 << 20)));
        },
      }));
  }
}
