/** What differs from the approved contract: judged here for the runtime layer, read from the verdict for the others. */
import { type CompiledContract, gatewayService, isCredentialPath, isLocalAddress } from '../contract/index.js';
import type { Decision, Observation, Severity, Signal, Tactic } from '../model/index.js';
import { makeSignal, wasRefused } from './make-signal.js';
import { baseName, who } from './rules/rule.js';

interface Deviation {
  readonly severity: Severity;
  readonly tactic: Tactic;
  readonly technique: string;
  readonly title: string;
  readonly detail: string;
}

/**
 * The deviation an observation is, if any. A layer in `learn` or `off` has none; a layer that the contract does not
 * manage has none. What was refused is a `denial`, what was only seen a `deviation`.
 */
export function deviationOf(
  observation: Observation,
  contract: CompiledContract | undefined,
  parentPath: string | undefined,
): Signal | undefined {
  const found = judge(observation, contract, parentPath);
  if (found === undefined) return undefined;
  return makeSignal(observation, {
    ...found,
    rule: 'contract',
    kind: wasRefused(observation) ? 'denial' : 'deviation',
  });
}

function judge(
  observation: Observation,
  contract: CompiledContract | undefined,
  parentPath: string | undefined,
): Deviation | undefined {
  const { event } = observation;
  const name = who(observation);
  switch (event.kind) {
    case 'exec': {
      const decision = contract?.decideExec({ path: event.path, parentPath });
      if (!deviates(decision)) return undefined;
      return {
        severity: 'medium',
        tactic: 'TA0002',
        technique: 'T1059',
        title: `${name} ${event.refused === true ? 'was refused to start' : 'started'} ${baseName(event.path)}, which its contract does not list`,
        detail: `${event.path} ${event.args.slice(1).join(' ')}`,
      };
    }
    case 'open': {
      // A relative path was not resolved by the sensor: what it names is not known, so nothing is claimed.
      // What failed by itself (nothing there) is no act; what the kernel refused is one.
      if ((event.failed === true && event.refused !== true) || !event.path.startsWith('/')) return undefined;
      const decision = contract?.decideFile({ path: event.path, access: event.write ? 'write' : 'read' });
      if (!deviates(decision)) return undefined;
      const credential = isCredentialPath(event.path);
      return {
        severity: credential ? 'high' : 'low',
        tactic: credential ? 'TA0006' : event.write ? 'TA0003' : 'TA0007',
        technique: credential ? 'T1552.001' : event.write ? 'T1554' : 'T1083',
        title: `${name} ${event.refused === true ? (event.write ? 'was refused to write' : 'was refused to read') : event.write ? 'wrote' : 'read'} a file its contract does not list`,
        detail: `${event.path}, opened by ${event.program ?? 'an unknown program'}`,
      };
    }
    case 'connect': {
      if (event.protocol !== 'tcp' && event.protocol !== 'udp') return undefined;
      if (event.port === 0 || isLocalAddress(event.address)) return undefined;
      const decision = contract?.decideEgress({ address: event.address, port: event.port, protocol: event.protocol });
      if (!deviates(decision)) return undefined;
      return {
        severity: 'medium',
        tactic: 'TA0011',
        technique: 'T1071',
        title: `${name} connected to an address its contract does not list`,
        detail: `${event.address}, ${event.protocol} port ${event.port}, by ${event.program ?? 'an unknown program'}`,
      };
    }
    case 'flow': {
      if (!notable(event.verdict)) return undefined;
      const refused = event.verdict.effect === 'deny';
      const peer = event.peer ?? `${event.address}:${event.port}`;
      if (event.direction === 'out') {
        const inside = event.peer !== undefined;
        return {
          severity: 'medium',
          tactic: inside ? 'TA0008' : 'TA0011',
          technique: inside ? 'T1021' : 'T1071',
          title: `${name} ${refused ? 'was refused a connection' : 'connected'} to ${peer}, which its contract does not list`,
          detail: verdictText(event.verdict),
        };
      }
      return {
        severity: event.peer === gatewayService ? 'low' : 'medium',
        tactic: event.peer === gatewayService ? 'TA0001' : 'TA0008',
        technique: event.peer === gatewayService ? 'T1190' : 'T1021',
        title: `${caller(event.peer, peer)} ${refused ? 'was refused a connection' : 'connected'} to ${name}`,
        detail: verdictText(event.verdict),
      };
    }
    case 'request': {
      if (!notable(event.verdict)) return undefined;
      const refused = event.verdict.effect === 'deny';
      const operation = `${event.method} ${event.path}`;
      if (event.direction === 'out') {
        return {
          severity: 'high',
          tactic: 'TA0008',
          technique: 'T1210',
          title: refused
            ? `${name} was refused ${operation} of ${event.peer ?? 'an unknown peer'}`
            : `${name} called ${operation} of ${event.peer ?? 'an unknown peer'}, which its contract does not list`,
          detail: verdictText(event.verdict),
        };
      }
      const outside = event.peer === gatewayService;
      const verb = refused ? 'was refused' : 'called';
      return {
        severity: outside ? 'low' : 'high',
        tactic: outside ? 'TA0001' : 'TA0008',
        technique: outside ? 'T1190' : 'T1210',
        title: `${caller(event.peer, 'an unknown caller')} ${verb} ${operation} of ${name}`,
        detail: verdictText(event.verdict),
      };
    }
    default:
      return undefined;
  }
}

function deviates(decision: Decision | undefined): boolean {
  return decision !== undefined && decision.effect !== 'allow' && decision.mode !== 'learn';
}

/**
 * `learning` passes by design; a refusal without a contract's word (malformed, no route) is no deviation of anyone, and
 * what meets an isolated side is the consequence of a containment, not a new act.
 */
function notable(verdict: { readonly effect: string; readonly reason: string }): boolean {
  return verdict.effect !== 'allow' && verdict.reason !== 'learning' && !clumsy.has(verdict.reason);
}

const clumsy = new Set(['malformed', 'no-route', 'internal-error', 'no-contract', 'isolated']);

function verdictText(verdict: { readonly reason: string; readonly nearest?: string | undefined }): string {
  return verdict.nearest === undefined
    ? `reason ${verdict.reason}`
    : `reason ${verdict.reason}; nearest: ${verdict.nearest}`;
}

function caller(peer: string | undefined, otherwise: string): string {
  return peer === gatewayService ? 'the public' : (peer ?? otherwise);
}
