/** The one gateway of a host: public listeners in front of published services. Started with the first of them. */
import { createHash } from 'node:crypto';
import { closeSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning, type Logger, messageOf, openLogFile, processFacts, spawnProcess } from '../base/index.js';
import { type Endpoint, type PlaneSnapshot, serviceId } from '../model/index.js';
import { AgentError } from './errors.js';
import type { IdentityHandle } from './issued-identity.js';
import { linkPlane, type PlaneLink, type PlaneLinkOptions } from './plane-link.js';

export interface GatewayProcess {
  readonly sidecar: { readonly pid: number; readonly start: number };
  readonly inlet: null;
}

export interface GatewayOptions {
  readonly host: string;
  readonly runtimeDir: string;
  readonly logDirectory: string;
  readonly nodePath: string;
  readonly programDir: string;
  readonly trustDomain: () => string;
  readonly log: Logger;
  readonly identify: (process: { pid: number; start: number }) => Promise<IdentityHandle>;
  readonly observations: PlaneLinkOptions['observations'];
  readonly changed: () => void;
}

export interface Gateway {
  publish(service: string, listen: { address: string; port: number }): Promise<Endpoint>;
  unpublish(service: string): void;
  published(): readonly { readonly service: string; readonly listen: Endpoint }[];
  process(): GatewayProcess | null;
  /** The revision of the snapshot that the process has in force. */
  revision(): number | null;
  /** It has an identity and knows where the services are. */
  ready(): boolean;
  /** Takes up what runs since before a restart of the agent, with all that it publishes: none is closed meanwhile. */
  adopt(process: GatewayProcess | null, published: readonly { service: string; listen: Endpoint }[]): void;
  /** Ends the process; the next look starts another one, which publishes the same. */
  replace(): void;
  distribute(snapshot: PlaneSnapshot): void;
  check(): Promise<void>;
  stop(): void;
  close(): void;
}

/** The gateway's workload id: one for each process, so that no identity outlives the process it was attested for. */
export function gatewayId(host: string, pid: number, start: number): string {
  return `gateway-${host.replaceAll('.', '-')}-${createHash('sha256').update(`${host} ${pid} ${start}`).digest('hex').slice(0, 8)}`;
}

export function createGateway(options: GatewayOptions): Gateway {
  const control = join(options.runtimeDir, 'p', 'gateway.sock');
  const publishes = new Map<string, { address: string; port: number }>();
  let link: PlaneLink | undefined;
  let running: GatewayProcess | null = null;
  let identity: IdentityHandle | undefined;
  let snapshot: PlaneSnapshot | undefined;
  let starting: Promise<void> | undefined;
  let incomplete = false;

  return {
    publish: async (service, listen) => {
      const before = publishes.get(service);
      publishes.set(service, before ?? listen);
      try {
        await ensure();
        const answer = await configure();
        const found = answer.publishes.find((publish) => publish.service === service);
        if (found === undefined) throw new AgentError('plane-failed', 'the gateway does not listen');
        // Port 0 was asked for: keep the one that was given over restarts.
        publishes.set(service, found.listen);
        return found.listen;
      } catch (error) {
        if (before === undefined) {
          // The others must not fall with this one: what they need is said again without it.
          publishes.delete(service);
          await configure().catch(() => {});
        }
        throw new AgentError('plane-failed', `the gateway cannot listen on ${listen.address}:${listen.port}`, {
          cause: error,
          hint: 'is the port in use? choose another with --publish',
        });
      }
    },
    unpublish: (service) => {
      publishes.delete(service);
      void configure().catch(() => {});
    },
    published: () => [...publishes].map(([service, listen]) => ({ service, listen })),
    process: () => running,
    ready: () => identity?.current() !== undefined && snapshot !== undefined,
    adopt: (process, published) => {
      if (process === null || !isRunning(process.sidecar.pid, process.sidecar.start)) return;
      running = process;
      for (const { service, listen } of published) publishes.set(service, listen);
    },
    revision: () => link?.revision() ?? null,
    replace: () => {
      if (running !== null && isRunning(running.sidecar.pid, running.sidecar.start))
        process.kill(running.sidecar.pid, 'SIGTERM');
    },
    distribute: (next) => {
      snapshot = next;
      link?.snapshot(next);
    },
    check: async () => {
      if (publishes.size === 0) return;
      const runs = running !== null && isRunning(running.sidecar.pid, running.sidecar.start);
      if (runs && !incomplete) return;
      if (!runs) {
        options.log.warn({}, 'gateway died, starting it anew');
        link?.close();
        link = undefined;
        running = null;
      }
      // Stays set when a port was taken meanwhile: asked for again with the next look.
      incomplete = true;
      await ensure();
      await configure();
      incomplete = false;
    },
    stop: () => {
      link?.stop();
      identity?.stop();
      if (running !== null && isRunning(running.sidecar.pid, running.sidecar.start))
        process.kill(running.sidecar.pid, 'SIGTERM');
      running = null;
    },
    close: () => {
      link?.close();
      identity?.stop();
    },
  };

  function ensure(): Promise<void> {
    starting ??= start().finally(() => {
      starting = undefined;
    });
    return starting;
  }

  async function start(): Promise<void> {
    if (link !== undefined && running !== null && isRunning(running.sidecar.pid, running.sidecar.start)) return;
    if (running === null || !isRunning(running.sidecar.pid, running.sidecar.start)) {
      rmSync(control, { force: true });
      running = spawn();
      options.changed();
    }
    link?.close();
    link = linkPlane({
      socketPath: control,
      log: options.log,
      observations: options.observations,
      changed: options.changed,
    });
    if (snapshot !== undefined) link.snapshot(snapshot);
    identity?.stop();
    void identifyUntilDone(running.sidecar);
  }

  async function identifyUntilDone(who: { pid: number; start: number }): Promise<void> {
    for (;;) {
      if (running?.sidecar.pid !== who.pid || !isRunning(who.pid, who.start)) return;
      try {
        identity = await options.identify(who);
        const give = () => {
          const svid = identity?.current();
          if (svid !== undefined) link?.svid(svid.privateKeyPem, svid.chainPem);
        };
        give();
        identity.onChange(give);
        return;
      } catch (error) {
        options.log.warn({ error: messageOf(error) }, 'the gateway has no identity yet, trying again');
        await new Promise((resolve) => setTimeout(resolve, 1_000).unref());
      }
    }
  }

  function spawn(): GatewayProcess {
    const log = openLogFile(join(options.logDirectory, 'gateway.log'));
    const child = spawnProcess(options.nodePath, [`${options.programDir}/dist/traffic/main.js`, '--control', control], {
      cwd: '/',
      detached: true,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    child.on('error', () => {});
    child.unref();
    const facts = child.pid === undefined ? undefined : processFacts(child.pid);
    if (facts === undefined)
      throw new AgentError('plane-failed', 'the gateway did not start', {
        hint: `see ${options.logDirectory}/gateway.log`,
      });
    return { sidecar: { pid: facts.pid, start: facts.start }, inlet: null };
  }

  function configure(): ReturnType<PlaneLink['listening']> {
    if (link === undefined) return Promise.reject(new AgentError('plane-failed', 'the gateway does not run'));
    const wanted = [...publishes.keys()];
    const answer = link.listening(20_000, (listening) =>
      wanted.every((service) => listening.publishes.some((publish) => publish.service === service)),
    );
    link.configure({
      role: 'gateway',
      host: options.host,
      service: 'gateway',
      workload: running === null ? null : gatewayId(options.host, running.sidecar.pid, running.sidecar.start),
      identity: serviceId(options.trustDomain(), 'gateway'),
      publishes: [...publishes].map(([service, listen]) => ({ service, listen })),
    });
    return answer;
  }
}
