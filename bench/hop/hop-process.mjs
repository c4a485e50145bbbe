// The sidecar's HTTP path between two plain sockets, for the plaintext case: the same connection class, parser, contract
// decision, records and record delivery as in the product; only TLS is left out. argv: LISTEN-PORT UPSTREAM-PORT CONTROL.
import { createServer } from 'node:net';
import { logger, systemClock } from '../../dist/base/index.js';
import { compileContract, initialVersion } from '../../dist/contract/index.js';
import { addressConnector } from '../../dist/traffic/connectors.js';
import { serveControl } from '../../dist/traffic/control-server.js';
import { HttpConnection } from '../../dist/traffic/http-connection.js';
import { defaultTimeouts, emptyCounts } from '../../dist/traffic/http-hop.js';
import { createPlane } from '../../dist/traffic/plane.js';
import { RecordRing } from '../../dist/traffic/record-ring.js';
import { Sweeper } from '../../dist/traffic/sweeper.js';
import { UpstreamPool } from '../../dist/traffic/upstream.js';
import { calleeContract } from './contracts.mjs';

const [port, upstreamPort, control] = process.argv.slice(2);
const log = logger('hop', 'warn');
const ring = new RecordRing(20_000);
const context = {
  clock: systemClock,
  sweeper: new Sweeper(systemClock),
  ring,
  counts: emptyCounts(),
  timeouts: defaultTimeouts,
};
const own = compileContract({ ...initialVersion('callee', 'bench', 0), contract: calleeContract });
const pool = new UpstreamPool(
  addressConnector(() => ({ address: '127.0.0.1', port: Number(upstreamPort) })),
  3_500,
);
const caller = 'spiffe://bench.test/service/caller';
const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  const hop = {
    service: 'callee',
    decide: (head) => own.decideServe({ caller, callerService: 'caller', method: head.method, path: head.path }),
    pool: () => pool,
    describe: (slot, upstream) => {
      slot.direction = 'in';
      slot.peer = 'caller';
      slot.caller = caller;
      slot.localAddress = '127.0.0.1';
      slot.localPort = Number(upstreamPort);
      slot.peerAddress = upstream?.localAddress ?? '';
      slot.peerPort = upstream?.localPort ?? 0;
    },
    closed: () => {},
  };
  new HttpConnection(context, hop, socket);
});
// Records go to an agent as in the product.
const plane = createPlane({ clock: systemClock, log, ring });
await serveControl({ path: control, plane, ring, boot: 'bench', log, stop: () => process.exit(0) });
server.listen(Number(port), '127.0.0.1');
