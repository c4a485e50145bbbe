/** How a command that was started comes to its identity: awaited, attested, registered, handed to its sidecar and socket. */
import { codeOf, commandLineOf, isRunning, type Logger, messageOf } from '../base/index.js';
import type { Svid } from '../identity/index.js';
import type { Attestation } from '../model/index.js';
import { AgentError } from './errors.js';
import type { IdentityHandle } from './issued-identity.js';
import type { IdentityApi, WorkloadEntries, WorkloadEntry } from './workload-entry.js';
import type { WorkloadRecord } from './workload-record.js';

export interface WorkloadIdentitiesOptions {
  readonly log: Logger;
  readonly attest: (record: WorkloadRecord, pid: number, start: number) => Promise<Attestation>;
  /** Registers an attested workload with the control plane and keeps its SVID fresh. */
  readonly identify: (record: WorkloadRecord, attestation: Attestation) => Promise<IdentityHandle>;
  readonly serveIdentity: (
    socketPath: string,
    current: () => Svid | undefined,
    onChange: (changed: () => void) => void,
  ) => Promise<() => Promise<void>>;
  /**
   * Tells the sensor.
   *
   * @param begun its command runs since before this agent did: nothing of what it does is set-up any more
   */
  readonly watch: (record: WorkloadRecord, begun?: boolean) => void;
  /** Something changed that the control plane or the state file should know. */
  readonly changed: () => void;
}

export interface WorkloadIdentities {
  /** Opens the Workload API of this workload. */
  serve(id: string, socketPath: string): Promise<IdentityApi>;
  /** @throws AgentError `attestation-failed`, or what the control plane answers to a first registration */
  establish(entry: WorkloadEntry, process: Process): Promise<void>;
}

type Process = NonNullable<WorkloadRecord['process']>;

export function workloadIdentities(entries: WorkloadEntries, options: WorkloadIdentitiesOptions): WorkloadIdentities {
  const { log } = options;
  return { serve, establish };

  async function serve(id: string, socketPath: string): Promise<IdentityApi> {
    const listeners: (() => void)[] = [];
    const close = await options.serveIdentity(
      socketPath,
      () => entries.get(id)?.identity?.current(),
      (changed) => listeners.push(changed),
    );
    return {
      close,
      changed: () => {
        for (const listener of listeners) listener();
      },
    };
  }

  async function establish(entry: WorkloadEntry, process: Process): Promise<void> {
    const { id, request } = entry.record;
    // A container's first process is named by the Engine once it runs; what it executes lies in the attested image.
    if (request.image === null) await settled(entry.record, process);
    let attestation: Attestation;
    try {
      attestation = await options.attest(entry.record, process.pid, process.start);
    } catch (error) {
      throw new AgentError(
        'attestation-failed',
        `what runs as \`${request.service}\` could not be attested: ${messageOf(error)}`,
        {
          cause: error,
          hint: 'it gets no identity and no traffic; see docs/guide/identity.md',
        },
      );
    }
    const before = entry.record.attestation;
    try {
      await identified(entry, attestation);
    } catch (error) {
      if (before === null) throw error;
      // Restarted clean while its identity is withdrawn: it gets the identity back as soon as the control plane allows.
      log.info({ workload: id, error: messageOf(error) }, 'restarted, the identity is awaited');
      void awaitIdentity(entry, attestation);
    }
  }

  async function identified(entry: WorkloadEntry, attestation: Attestation): Promise<void> {
    const identity = await patiently(entry.record, () => options.identify(entry.record, attestation));
    entry.identity?.stop();
    entry.identity = identity;
    // Paused or isolated before this agent started, it is so now.
    const { state } = entry.record;
    entry.record = { ...entry.record, attestation, state: state === 'starting' ? 'running' : state };
    hand(entry);
    options.watch(entry.record);
    options.changed();
  }

  async function awaitIdentity(entry: WorkloadEntry, attestation: Attestation): Promise<void> {
    const { process } = entry.record;
    while (entries.get(entry.record.id) === entry && entry.record.process?.pid === process?.pid) {
      await new Promise((resolve) => setTimeout(resolve, 250).unref());
      const done = await identified(entry, attestation).then(
        () => true,
        () => false,
      );
      if (done) return;
    }
  }

  function hand(entry: WorkloadEntry): void {
    const give = (svid: Svid | undefined) => {
      if (svid === undefined) return;
      entry.link.svid(svid.privateKeyPem, svid.chainPem);
      entry.api.changed();
    };
    give(entry.identity?.current());
    entry.identity?.onChange((svid) => {
      give(svid);
      options.changed();
    });
  }
}

/** A control plane that is being restarted is waited for, as long as the command runs. */
async function patiently<T>({ process }: WorkloadRecord, ask: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      const runs = process !== null && isRunning(process.pid, process.start);
      if (codeOf(error) !== 'control-unreachable' || !runs || attempt >= 120) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500).unref());
    }
  }
}

/** The launcher replaces itself step by step; wait until the command itself runs, so that it is what is attested. */
async function settled({ request: { command } }: WorkloadRecord, process: Process): Promise<void> {
  for (let attempt = 0; attempt < 4_800; attempt += 1) {
    if (!isRunning(process.pid, process.start))
      throw new AgentError('attestation-failed', 'the command ended before it could be attested');
    const words = commandLineOf(process.pid) ?? [];
    // A script's own line has its interpreter (and one option) in front: execve(2). Every launcher has more, or is ours.
    const isCommand =
      words.length >= command.length &&
      words.length <= command.length + 2 &&
      !words[1]?.endsWith('/agent/confine/launcher.js');
    if (isCommand && words.slice(words.length - command.length + 1).join('\0') === command.slice(1).join('\0')) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new AgentError('attestation-failed', 'the command did not start within two minutes');
}
