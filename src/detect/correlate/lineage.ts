/** Who started whom, and which process holds which socket: learned from every observation, signal or not. */
import type { Endpoint, JoinKeys, Observation } from '../../model/index.js';
import { Recent } from '../recent.js';

interface Process {
  readonly start: number | undefined;
  readonly ancestors: readonly number[];
}

export class Lineage {
  readonly #processes = new Recent<string, Process>(50_000);
  /** Socket as its workload sees it -> the process that accepted or made it. */
  readonly #accepted = new Recent<string, number>(50_000);
  readonly #connected = new Recent<string, number>(50_000);

  learn({ host, workload, join, event }: Observation): void {
    if (join.pid === undefined) return;
    const key = `${host} ${join.pid}`;
    const known = this.#processes.get(key);
    // Another start time under one number is another process: its ancestors are not inherited.
    const same =
      known !== undefined && (known.start === undefined || join.start === undefined || known.start === join.start);
    const ancestors = join.lineage ?? (join.ppid === undefined ? undefined : [join.ppid]);
    if (ancestors !== undefined) {
      const longer = same && known.ancestors.length > ancestors.length ? known.ancestors : ancestors;
      this.#processes.set(key, { start: join.start ?? known?.start, ancestors: longer });
    } else if (!same) this.#processes.set(key, { start: join.start, ancestors: [] });
    if (join.socket === undefined) return;
    const socket = socketKey(host, workload, join.socket);
    if (event.kind === 'accept') this.#accepted.set(socket, join.pid);
    if (event.kind === 'connect') this.#connected.set(socket, join.pid);
  }

  /** The process itself and its ancestors, nearest first; at most 32. */
  chain(host: string, pid: number): readonly number[] {
    const chain: number[] = [];
    const queue = [pid];
    for (let next = queue.shift(); next !== undefined && chain.length < 32; next = queue.shift()) {
      if (chain.includes(next)) continue;
      chain.push(next);
      queue.push(...(this.#processes.get(`${host} ${next}`)?.ancestors ?? []));
    }
    return chain;
  }

  /** The process behind an observation: its own, or the one that made its outgoing connection. */
  processOf(host: string, workload: string | null, join: JoinKeys): number | undefined {
    if (join.pid !== undefined) return join.pid;
    return join.socket === undefined ? undefined : this.#connected.get(socketKey(host, workload, join.socket));
  }

  /** The process that accepted a connection. */
  accepted(host: string, workload: string | null, join: JoinKeys): number | undefined {
    return join.socket === undefined ? undefined : this.#accepted.get(socketKey(host, workload, join.socket));
  }
}

/** Loopback addresses mean something else in every workload's namespace: the workload is part of the key. */
function socketKey(host: string, workload: string | null, socket: { local: Endpoint; peer: Endpoint }): string {
  const { local, peer } = socket;
  return `${host} ${workload ?? ''} ${local.address}:${local.port} ${peer.address}:${peer.port}`;
}
