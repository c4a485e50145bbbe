/** A small house for the data plane's tests: a CA, contracts, real data plane processes and an agent that drives them. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { environment, spawnProcess, systemClock } from '../../../src/base/index.js';
import { contractDigest } from '../../../src/contract/index.js';
import { type CertificateAuthority, generateKeyPair, openCertificateAuthority } from '../../../src/identity/index.js';
import {
  type AppliedBound,
  type Rollout,
  type Contract,
  type ContractVersion,
  type Endpoint,
  Observation,
  type PlaneSnapshot,
  serviceId,
  type TokenIssuer,
} from '../../../src/model/index.js';
import { FromPlane, type ToPlaneInput } from '../../../src/traffic/index.js';

export type Said<T extends FromPlane['type']> = Extract<FromPlane, { type: T }>;

export const trustDomain = 'house.test';
const program = join(environment('TEST_DIST') ?? 'dist', 'traffic', 'main.js');

/** One data plane process and the agent's end of its control socket. */
export class PlaneProcess {
  readonly observations: Observation[] = [];
  readonly problems: Said<'problem'>[] = [];
  readonly child: ChildProcess | undefined;
  readonly path: string;
  stderr = '';
  #socket: Socket | undefined;
  #waiting: { matches: (message: FromPlane) => boolean; resolve: (message: FromPlane) => void }[] = [];
  acknowledges = true;

  /** @param start false: somebody else starts it */
  constructor(path: string, start = true) {
    this.path = path;
    this.child = start
      ? spawnProcess(process.execPath, [program, '--control', path], { stdio: ['ignore', 'ignore', 'pipe'] })
      : undefined;
    this.child?.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
  }

  async connect(): Promise<Said<'hello'>> {
    for (;;) {
      if (this.child !== undefined && this.child.exitCode !== null) throw new Error(`data plane ended: ${this.stderr}`);
      const socket = connect(this.path);
      const opened = await Promise.race([
        once(socket, 'connect').then(() => true),
        once(socket, 'error').then(() => false),
      ]).catch(() => false);
      if (!opened) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        continue;
      }
      this.#socket = socket;
      const hello = this.wait('hello');
      let rest = '';
      socket.setEncoding('utf8');
      socket.on('error', () => {});
      socket.on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) this.#take(FromPlane.parse(JSON.parse(line)));
      });
      return hello;
    }
  }

  disconnect(): void {
    this.#socket?.destroy();
  }

  say(message: ToPlaneInput): void {
    this.#socket?.write(`${JSON.stringify(message)}\n`);
  }

  wait<T extends FromPlane['type']>(type: T): Promise<Said<T>> {
    return new Promise((resolve) => {
      this.#waiting.push({
        matches: (message) => message.type === type,
        resolve: (message) => resolve(message as Said<T>), // matched just above
      });
    });
  }

  async ask<T extends FromPlane['type']>(message: ToPlaneInput, type: T): Promise<Said<T>> {
    const answer = this.wait(type);
    this.say(message);
    return answer;
  }

  /** Resolves with the first observation, old or new, that fits. */
  async observed(fits: (observation: Observation) => boolean): Promise<Observation> {
    for (;;) {
      const found = this.observations.find(fits);
      if (found !== undefined) return found;
      await this.wait('observation');
    }
  }

  async stop(): Promise<void> {
    this.disconnect();
    if (this.child === undefined || this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }

  #take(message: FromPlane): void {
    if (message.type === 'observation') {
      this.observations.push(Observation.parse(message.observation));
      if (this.acknowledges) this.say({ type: 'ack', seq: message.seq });
    }
    if (message.type === 'problem') this.problems.push(message);
    const waiting = this.#waiting.filter((waiter) => waiter.matches(message));
    this.#waiting = this.#waiting.filter((waiter) => !waiter.matches(message));
    for (const waiter of waiting) waiter.resolve(message);
  }
}

export interface House {
  readonly folder: string;
  readonly ca: CertificateAuthority;
  readonly contracts: Map<string, ContractVersion>;
  readonly endpoints: Map<string, Endpoint[]>;
  readonly revoked: string[];
  readonly isolated: string[];
  readonly users: TokenIssuer[];
  readonly bounds: AppliedBound[];
  readonly rollouts: Rollout[];
  plane(name: string): PlaneProcess;
  /** One that somebody else started. */
  attach(path: string): PlaneProcess;
  /** A fresh key and chain. */
  identify(
    plane: PlaneProcess,
    service: string,
    ttlMs?: number,
    attributes?: Readonly<Record<string, string>>,
  ): { keyPem: string; chainPem: readonly string[] };
  /** Tells every plane the state of the house. */
  publish(): Promise<void>;
  close(): Promise<void>;
}

export async function openHouse(): Promise<House> {
  const folder = mkdtempSync('/tmp/tt-');
  const ca = await openCertificateAuthority({ directory: join(folder, 'ca'), trustDomain, clock: systemClock });
  const contracts = new Map<string, ContractVersion>();
  const endpoints = new Map<string, Endpoint[]>();
  const revoked: string[] = [];
  const isolated: string[] = [];
  const users: TokenIssuer[] = [];
  const bounds: AppliedBound[] = [];
  const rollouts: Rollout[] = [];
  const planes: PlaneProcess[] = [];
  let revision = 0;
  return {
    folder,
    ca,
    contracts,
    endpoints,
    revoked,
    isolated,
    users,
    bounds,
    rollouts,
    plane: (name) => {
      const made = new PlaneProcess(join(folder, `${name}.sock`));
      planes.push(made);
      return made;
    },
    attach: (path) => {
      const made = new PlaneProcess(path, false);
      planes.push(made);
      return made;
    },
    identify: (plane, service, ttlMs, attributes = {}) => {
      const keys = generateKeyPair();
      const issued = ca.issueSvid({
        id: serviceId(trustDomain, service),
        publicKey: keys.publicKeyPem,
        attributes,
        ...(ttlMs === undefined ? {} : { ttlMs }),
      });
      plane.say({ type: 'svid', keyPem: keys.privateKeyPem, chainPem: [...issued.chainPem] });
      return { keyPem: keys.privateKeyPem, chainPem: issued.chainPem };
    },
    publish: async () => {
      revision += 1;
      const snapshot: PlaneSnapshot = {
        schemaVersion: 1,
        revision,
        trustDomain,
        bundles: { [trustDomain]: [...ca.bundle()] },
        services: [...endpoints].map(([service, at]) => ({ service, endpoints: at })),
        contracts: [...contracts.values()],
        revoked: [...revoked],
        isolated: [...isolated],
        users: [...users],
        bounds: [...bounds],
        rollouts: [...rollouts],
      };
      for (const plane of planes) {
        plane.say({ type: 'snapshot', snapshot });
        await plane.ask({ type: 'status' }, 'status');
      }
    },
    close: async () => {
      await Promise.all(planes.map((plane) => plane.stop()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

let version = 0;
export function approved(contract: Contract): ContractVersion {
  version += 1;
  return {
    service: contract.service,
    version,
    digest: contractDigest(contract),
    state: 'approved',
    contract,
    origin: 'declared',
    observed: 0,
    proposedBy: 'test',
    proposedAt: 0,
    decidedBy: 'test',
    decidedAt: 0,
    reason: null,
    clean: {},
  };
}

type Mode = Contract['mode']['api'];
export function contract(service: string, mode: Mode, sections: Partial<Contract>): Contract {
  return {
    apiVersion: 'tricordon/v1',
    kind: 'Contract',
    service,
    mode: { runtime: 'off', network: mode, api: mode },
    ...sections,
  };
}
