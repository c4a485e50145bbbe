/** What a command is confined by and started with, as its request asks for. */
import type { FromPlane } from '../traffic/index.js';
import type { CaptureSpec } from './confine/index.js';
import type { WorkloadRequest } from './local-protocol.js';

export interface PlanSettings {
  readonly instance: string;
  readonly runtimeDir: string;
  readonly hideDirs: readonly string[];
}

/** A tracer for the command, with the folder it writes to. */
export interface Tracer {
  readonly words: readonly string[];
  readonly folder: string;
}

export function captureSpec(
  settings: PlanSettings,
  request: WorkloadRequest,
  { id, workloadApiSocket, tracer }: { id: string; workloadApiSocket: string; tracer: Tracer | undefined },
): CaptureSpec {
  const spec = {
    instance: settings.instance,
    workload: id,
    service: request.service,
    port: request.port,
    calls: request.calls,
    uid: request.uid,
    gid: request.gid,
    cwd: request.cwd,
    runtimeDir: settings.runtimeDir,
    hideDirs: [...settings.hideDirs],
    keepPaths: [
      ...new Set([request.codeDirectory, request.cwd, ...(tracer === undefined ? [] : [tracer.folder])]),
    ].filter((path) => path !== null && path !== '/'),
    workloadApiSocket,
    image: request.image?.digest ?? null,
    nodePath: request.nodePath,
    programDir: request.programDir,
  };
  return spec as CaptureSpec; // the id is branded by the schema at the other end
}

/** Where it finds its identity, and by name what it calls. */
export function environmentOf(
  { calls }: Pick<WorkloadRequest, 'calls'>,
  { routes }: Pick<Extract<FromPlane, { type: 'listening' }>, 'routes'>,
  apiSocket: string,
): Record<string, string> {
  const environment: Record<string, string> = { SPIFFE_ENDPOINT_SOCKET: `unix://${apiSocket}` };
  for (const route of routes) {
    const call = calls.find(
      (candidate) =>
        candidate.service === route.service && candidate.host === route.host && candidate.port === route.port,
    );
    if (call?.env !== undefined) environment[call.env] = `${route.listen.address}:${route.listen.port}`;
  }
  return environment;
}
