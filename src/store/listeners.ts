/** The private cluster. */
import type { ListenerFact } from '../base/index.js';
import { mostConnections } from './cluster/private-cluster.js';

export const storeListeners: readonly ListenerFact[] = [
  {
    name: 'database',
    process: 'PostgreSQL',
    where: '`pg/` in the runtime directory; with `database.url` a server of yours, which is not ours to bound',
    socket: { path: /\/\.s\.PGSQL\.\d+$/ },
    transport: 'PostgreSQL’s protocol on a Unix socket, in a directory 0700; it does not listen on TCP',
    authentication: '`peer`: the account of the control plane, by the kernel',
    limits: [`${mostConnections} connections`],
  },
];
