import type { BestRung } from '../confine/index.js';
import type { KernelTracer, LineSource, RunningLines } from '../../sensor/index.js';

/** What the helper knows by itself; nothing of it can be changed by a request. */
export interface HelperContext {
  readonly instance: string;
  /** Account of the agent and the data plane. */
  readonly agent: { readonly uid: number; readonly gid: number };
  readonly dataDir: string;
  readonly runtimeDir: string;
  readonly programDir: string;
  readonly nodePath: string;
  /** The rung of commands; found once, so that no later failure can lower it. */
  readonly capture: () => Promise<BestRung>;
  readonly tracers: Readonly<Record<KernelTracer, LineSource>>;
  readonly sensors: Map<number, RunningLines>;
  /** Relays one line of a sensor, or its end. */
  readonly relay: (reply: { sensor: number; line: string } | { sensor: number; ended: string }) => void;
}
