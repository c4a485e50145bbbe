/** The ways to a workload or an address outside: dialled from here, or from behind the inlet. */
import { connect, type Socket } from 'node:net';
import type { Endpoint } from '../model/index.js';
import { armed } from './dialling.js';
import type { Connector } from './upstream.js';

const keepAliveMs = 30_000;

/** Plain TCP. */
export function addressConnector(target: () => Endpoint): Connector {
  return {
    open: (upstream) => {
      const { address, port } = target();
      const socket = connect({
        host: address,
        port,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: keepAliveMs,
        allowHalfOpen: upstream.halfOpen,
        onread: upstream.reader,
      });
      armed(
        socket,
        'connect',
        () => upstream.ready(socket),
        (code) => upstream.failed(code),
      );
    },
  };
}

/** Sockets that somebody else opens for us: the inlet, inside the workload's network namespace. */
export type RemoteDial = (port: number, done: (result: Socket | { readonly code: string }) => void) => void;

export function inletConnector(dial: () => RemoteDial | undefined, port: number): Connector {
  return {
    open: (upstream) => {
      const remote = dial();
      if (remote === undefined) {
        process.nextTick(() => upstream.failed('inlet-missing'));
        return;
      }
      remote(port, (result) => {
        if ('code' in result) {
          upstream.failed(result.code);
          return;
        }
        result.setNoDelay(true);
        result.setKeepAlive(true, keepAliveMs);
        upstream.ready(result, true);
      });
    },
  };
}
