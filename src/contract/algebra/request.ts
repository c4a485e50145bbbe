/** A witness as the request it stands for: to be asked of a compiled contract, and to be shown. */
import { type Decision, type Layer, serviceId, type Value } from '../../model/index.js';
import type { CompiledContract } from '../compile/compile.js';
import type { Protocol } from '../compile/ports.js';
import { gatewayService } from '../compile/peers.js';
import { wordName } from './box.js';
import type { Point } from './constraint.js';
import { udpFrom } from './representatives.js';
import type { RightSection } from './sections.js';
import type { LeftOut } from './region.js';

export interface Example {
  /** One line for people. */
  readonly text: string;
  /** As `contract decide --requests` reads it; null where it has no such row. */
  readonly row: Readonly<Record<string, unknown>> | null;
}

export const layerOf: Readonly<Record<RightSection, Layer>> = {
  executables: 'runtime',
  files: 'runtime',
  ingress: 'network',
  egress: 'network',
  serves: 'api',
  calls: 'api',
  publish: 'api',
  subscribe: 'api',
};

const anyTrustDomain = 'local';
const someName = 'other';

export interface Asked {
  readonly ask: (contract: CompiledContract) => Decision;
  readonly example: Example;
}

/** @param now for a request whose time does not matter, milliseconds since the epoch */
export function requestOf(section: RightSection, service: string, found: LeftOut, now: number): Asked {
  const { witness, length } = found;
  const text = (name: string): string | undefined => {
    const point = witness.get(name);
    return typeof point === 'string' ? point : undefined;
  };
  const moment = witness.get('at');
  const at = typeof moment === 'number' ? moment : now;
  const when = at === now ? {} : { at: new Date(at).toISOString() };
  const words = Array.from({ length }, (_, index) => text(wordName(index)) ?? someName);
  const end = at === now ? '' : ` at ${new Date(at).toISOString()}`;
  switch (section) {
    case 'serves': {
      const caller = text('caller') ?? someName;
      const { own, all } = identityOf(caller, 'caller', witness);
      const claims = claimsOf(witness);
      const method = text('method') ?? 'GET';
      const path = `/${words.join('/')}`;
      const id = serviceId(anyTrustDomain, caller);
      return {
        ask: (contract) =>
          contract.decideServe({ caller: id, callerService: caller, attributes: all, claims, method, path, at }),
        example: {
          text: `${method} ${path} from ${nameOf(caller)}${withValues(own)}${claims === null ? '' : ` by a user${withValues(claims)}`}${end}`,
          row: {
            service,
            as: caller,
            ...(Object.keys(own).length === 0 ? {} : { attributes: own }),
            ...(claims === null ? {} : { claims }),
            ...when,
            method,
            path,
          },
        },
      };
    }
    case 'calls': {
      const to = destinationOf(witness);
      const method = text('method') ?? 'GET';
      const path = `/${words.join('/')}`;
      const { service: peerService, host, address, peerAttributes } = to;
      return {
        ask: (contract) => contract.decideCall({ peerService, host, address, peerAttributes, method, path, at }),
        example: {
          text: `${method} ${path} to ${to.text}${end}`,
          row: peerService === undefined ? null : { service: peerService, as: service, ...when, method, path },
        },
      };
    }
    case 'egress': {
      const to = destinationOf(witness);
      const { port, protocol } = portOf(witness.get('port'));
      const name = to.service ?? to.host ?? to.address ?? someName;
      const { service: peer, host, address, peerAttributes, byName } = to;
      return {
        ask: (contract) =>
          contract.decideEgress({ service: peer, host, address, peerAttributes, byName, port, protocol, at }),
        example: {
          text: `connect to ${to.text} on ${protocol}/${port}${end}`,
          row: { service, connect: connection(name, port, protocol), ...when },
        },
      };
    }
    case 'ingress': {
      const caller = text('caller') ?? someName;
      const { own, all } = identityOf(caller, 'caller', witness);
      const address = text('address');
      const { port, protocol } = portOf(witness.get('port'));
      return {
        ask: (contract) =>
          contract.decideIngress({
            caller: serviceId(anyTrustDomain, caller),
            callerService: caller,
            attributes: all,
            address,
            port,
            protocol,
            at,
          }),
        example: {
          text: `a connection from ${nameOf(caller)}${withValues(own)}${address === undefined ? '' : ` at ${address}`} to ${protocol}/${port}${end}`,
          row: { service: caller, connect: connection(service, port, protocol), ...when },
        },
      };
    }
    case 'executables': {
      const path = text('file') ?? `/${someName}`;
      const parentPath = text('from');
      return {
        ask: (contract) => contract.decideExec({ path, parentPath, at }),
        example: {
          text: `start ${path}${parentPath === undefined ? '' : ` from ${parentPath}`}${end}`,
          row: { service, exec: path, ...when },
        },
      };
    }
    case 'files': {
      const path = text('file') ?? `/${someName}`;
      const access = text('access') === 'write' ? 'write' : 'read';
      return {
        ask: (contract) => contract.decideFile({ path, access, at }),
        example: { text: `${access} ${path}${end}`, row: { service, open: `${path}:${access}`, ...when } },
      };
    }
    case 'publish':
    case 'subscribe': {
      const topic = words.join('.');
      const broker = text('broker');
      const where = broker === undefined ? '' : ` at ${broker}`;
      return {
        ask: (contract) =>
          section === 'publish'
            ? contract.decidePublish({ topic, broker, at })
            : contract.decideSubscribe({ topic, broker, at }),
        example: {
          text: `${section === 'publish' ? 'publish' : 'subscribe to'} ${topic}${where}${end}`,
          row: section === 'publish' ? { service, publish: topic, ...when } : null,
        },
      };
    }
    default:
      return section satisfies never;
  }
}

function destinationOf(witness: LeftOut['witness']) {
  const one = (name: string) => {
    const point = witness.get(name);
    return typeof point === 'string' ? point : undefined;
  };
  const [service, host, address] = [one('service'), one('host'), one('address')];
  const { own, all } = service === undefined ? { own: {}, all: undefined } : identityOf(service, 'service', witness);
  const where = [host, address].filter((part) => part !== undefined).join(' at ');
  return {
    service,
    host,
    address,
    peerAttributes: all,
    byName: host !== undefined && address === undefined ? true : undefined,
    text: service === undefined ? where : `${nameOf(service)}${withValues(own)}`,
  };
}

/** `own`: what the witness says; `all`: with what an identity of that name has anyway. */
function identityOf(name: string, dimension: string, witness: LeftOut['witness']) {
  const own: Record<string, Value> = {};
  for (const [of, point] of witness) {
    if (of.startsWith(`${dimension}.`) && point !== undefined) own[of.slice(dimension.length + 1)] = point;
  }
  return { own, all: { id: serviceId(anyTrustDomain, name), service: name, ...own } };
}

function claimsOf(witness: LeftOut['witness']): Readonly<Record<string, Value>> | null {
  if (witness.get('user') !== 'present') return null;
  const claims: Record<string, Value> = {};
  for (const [of, point] of witness) if (of.startsWith('user.') && point !== undefined) claims[of.slice(5)] = point;
  return claims;
}

function portOf(point: Point): { readonly port: number; readonly protocol: Protocol } {
  const number = typeof point === 'number' ? point : 443;
  return number > udpFrom ? { port: number - udpFrom, protocol: 'udp' } : { port: number, protocol: 'tcp' };
}

function connection(host: string, port: number, protocol: Protocol): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return `${name}:${port}${protocol === 'udp' ? '/udp' : ''}`;
}

function nameOf(service: string): string {
  return service === gatewayService ? 'the public' : service;
}

function withValues(values: Readonly<Record<string, Value>>): string {
  const said = Object.entries(values).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return said.length === 0 ? '' : ` with ${said.join(', ')}`;
}
