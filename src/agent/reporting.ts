/** Tells the control plane what this host covers and runs: every few seconds, and at once when it changes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, type Logger, messageOf } from '../base/index.js';
import type { Coverage } from '../model/index.js';
import { Anything } from './control-answers.js';
import type { ControlClient } from './control-client.js';
import type { ControlContact } from './control-contact.js';
import type { Gateway } from './gateway.js';
import type { Glass } from './glass.js';
import { endpointsOf, listeningSockets } from './report.js';
import type { TrustedRoots } from './trusted-roots.js';
import type { Workloads } from './workloads.js';

export interface Reported {
  readonly trustDomain: string;
  readonly workloads: Workloads;
  readonly gateway: Gateway;
  readonly glass: Pick<Glass, 'untold' | 'told'>;
  readonly roots: Pick<TrustedRoots, 'facts'>;
  readonly coverage: () => Coverage;
  /** Which key seals the spool. */
  readonly spoolKey: () => string;
  /** Observations that never reached the disk. */
  readonly lost: () => number;
}

export interface ReportingOptions {
  readonly client: Pick<ControlClient, 'call' | 'protocol'>;
  readonly contact: Pick<ControlContact, 'reached' | 'reachable'>;
  readonly log: Logger;
}

export interface Reporting {
  /** Something changed; nothing happens before it is kept up. */
  soon(): void;
  /** Until the signal. */
  keepUp(reported: Reported, signal: AbortSignal): Promise<void>;
}

const everyMs = 3_000;

export function createReporting({ client, contact, log }: ReportingOptions): Reporting {
  let wake: () => void = () => {};
  return {
    soon: () => wake(),
    keepUp: async (reported, signal) => {
      while (!signal.aborted) {
        try {
          await report(reported);
          // The answer of the long poll may be half a minute away after a restart of the control plane.
          contact.reached();
        } catch (error) {
          if (contact.reachable() && codeOf(error) === 'control-refused')
            log.warn({ error: messageOf(error) }, 'report refused');
        }
        await pause(signal);
      }
    },
  };

  async function report({
    trustDomain,
    workloads,
    gateway,
    glass,
    roots,
    coverage,
    spoolKey,
    lost,
  }: Reported): Promise<void> {
    const opened = glass.untold();
    await client.call(
      'POST',
      '/agent/v1/report',
      {
        coverage: coverage(),
        lost: lost(),
        sockets: listeningSockets(trustDomain, workloads, gateway),
        endpoints: endpointsOf(workloads),
        workloads: workloads
          .records()
          .filter((record) => record.attestation !== null)
          .map((record) => ({ id: record.id, state: record.state })),
        // Of protocol 1 it is not known: it is told when the control plane is upgraded.
        ...(opened.length === 0 || client.protocol() < 2 ? {} : { glass: opened }),
        ...(client.protocol() < 2 ? {} : { roots: roots.facts(), spoolKey: spoolKey() }),
      },
      Anything,
    );
    if (client.protocol() >= 2) glass.told(opened);
  }

  async function pause(signal: AbortSignal): Promise<void> {
    const nap = new AbortController();
    await Promise.race([
      sleep(everyMs, undefined, { signal: AbortSignal.any([signal, nap.signal]) }).catch(() => {}),
      new Promise<void>((resolve) => {
        wake = () => setTimeout(resolve, 20);
      }),
    ]);
    nap.abort();
  }
}
