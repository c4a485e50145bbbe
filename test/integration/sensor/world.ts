/** A sensor with one tracer of the kernel, and commands run in cgroups beneath the one it watches. */
import { mkdirSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import { afterAll, beforeAll, expect } from 'vitest';
import { exec, systemClock } from '../../../src/base/index.js';
import type { Observation } from '../../../src/model/index.js';
import {
  cgroup2Mount,
  type KernelTracer,
  type LineSource,
  type Sensor,
  startSensor,
} from '../../../src/sensor/index.js';

export interface World {
  /** Everything observed, in order. */
  readonly seen: Observation[];
  readonly of: (workload: string) => Observation[];
  /** Makes a cgroup, registers it, runs a command inside, waits for its end and returns what it printed. */
  readonly run: (workload: string, file: string, args: readonly string[], register?: boolean) => Promise<string>;
  readonly add: (workload: string) => void;
  readonly until: (condition: () => boolean) => Promise<void>;
  /** Resolves when the end of a workload's first process was observed. */
  readonly ended: (workload: string) => Promise<void>;
  readonly sensor: () => Sensor;
}

export function world(tracer: KernelTracer, source: LineSource): World {
  const seen: Observation[] = [];
  const waiting = new Set<() => void>();
  let sensor: Sensor | undefined;
  let parent = '';

  beforeAll(async () => {
    const mount = cgroup2Mount();
    if (mount === undefined || process.getuid?.() !== 0) return;
    parent = `${mount}/tricordon-test-${process.pid}`;
    mkdirSync(parent);
    sensor = await startSensor({
      host: 'test-host',
      boot: 'b1',
      clock: systemClock,
      exec,
      sink: (observation) => {
        seen.push(observation);
        for (const check of waiting) check();
      },
      kernel: {
        sources: { [tracer]: source },
        selection: { parents: [String(statSync(parent).ino)], containers: false },
      },
      rate: 1_000_000,
    });
  });

  afterAll(async () => {
    await sensor?.stop();
    if (parent === '') return;
    for (const name of readdirSync(parent, { withFileTypes: true })) {
      if (name.isDirectory()) rmdirSync(`${parent}/${name.name}`);
    }
    rmdirSync(parent);
  });

  const running = (): Sensor => {
    if (sensor === undefined) throw new Error('the sensor did not start');
    return sensor;
  };
  const add = (workload: string, command?: string) => {
    const path = `${parent}/${workload}`;
    running().add({
      workload,
      service: workload,
      identity: `spiffe://test/${workload}`,
      cgroup: { id: String(statSync(path).ino), path: `/${parent.split('/').at(-1)}/${workload}` },
      ...(command === undefined ? {} : { command }),
    });
  };
  const of = (workload: string) => seen.filter((observation) => observation.workload === workload);
  const until = (condition: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!condition()) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  return {
    seen,
    of,
    until,
    add: (workload) => add(workload),
    sensor: running,
    run: async (workload, file, args, register = true) => {
      const path = `${parent}/${workload}`;
      mkdirSync(path, { recursive: true });
      if (register) add(workload, file);
      const join = 'echo $$ > "$1/cgroup.procs" && shift && exec "$@"';
      const done = await exec('/bin/sh', ['-c', join, 'sh', path, file, ...args], { timeoutMs: 120_000 });
      expect(done.status, done.stderr).toBe(0);
      return done.stdout;
    },
    ended: (workload) =>
      until(() => {
        const mine = of(workload);
        const first = mine.find(({ event }) => event.kind === 'exec');
        return mine.some(({ event, join }) => event.kind === 'exit' && join.pid === first?.join.pid);
      }),
  };
}
