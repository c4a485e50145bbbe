/** Building a workload's confinement and its data plane: through the privileged helper as root, by ourselves otherwise. */
import {
  bestRung,
  type CaptureSpec,
  planeOptions,
  type PlaneProcessPair,
  type Prepared,
  rungNamed,
  spawnPlane,
  stopPlane,
} from './confine/index.js';
import type { HelperClient } from './helper/client.js';

export interface Confinement {
  prepare(spec: CaptureSpec): Promise<Prepared>;
  cleanup(prepared: Prepared): Promise<void>;
  spawn(prepared: Prepared, control: string, log: string): Promise<PlaneProcessPair>;
  stop(pair: PlaneProcessPair): void;
}

/** Everything is asked of the helper: only it may enter namespaces and make cgroups. */
export function helperConfinement(helper: Pick<HelperClient, 'ask'>): Confinement {
  return {
    prepare: (spec) => helper.ask('workload.prepare', { spec }),
    cleanup: async (prepared) => {
      await helper.ask('workload.cleanup', { prepared });
    },
    spawn: (prepared, control, log) => helper.ask('plane.spawn', { prepared, control, log }),
    stop: stopPlane,
  };
}

/** As an ordinary user: the strongest rung that this host allows. */
export function ownConfinement(): Confinement {
  return {
    prepare: async (spec) => (await bestRung()).rung.prepare(spec),
    cleanup: (prepared) => rungNamed(prepared.rung).cleanup(prepared),
    spawn: (prepared, control, log) => spawnPlane(planeOptions(prepared, { control, log })),
    stop: stopPlane,
  };
}

/** The strongest rung that this host allows an ordinary user, and why not a stronger one. */
export async function ownRung() {
  const { rung, passedOver } = await bestRung();
  return { rung: rung.name, passedOver };
}
