import type { HeldBy, SocketRow } from '../../../../src/server/api-types.ts';
import { visible } from '../../format.ts';
import { Identity } from '../../parts/identity.tsx';
import { LayerIcon, layerNames, layers } from '../../parts/layer.tsx';
import { MtlsWord, Word } from '../../parts/words.tsx';
import { Scroll } from '../../parts/scroll.tsx';

const owners = { workload: 'the workload itself', sidecar: 'its sidecar', gateway: 'the gateway' } as const;

/** Those that can be gone around first: they are what somebody has to do something about. */
export function Sockets({ sockets }: { readonly sockets: readonly SocketRow[] }) {
  const sorted = sockets.toSorted(
    (a, b) => Number(b.bypassable) - Number(a.bypassable) || a.service.localeCompare(b.service) || a.port - b.port,
  );
  return (
    <Scroll label="Every listening socket, as a table">
      <table className="sockets">
        <thead>
          <tr>
            <th scope="col">Listens on</th>
            <th scope="col">Service</th>
            <th scope="col">Way around</th>
            <th scope="col">Traffic</th>
            <th scope="col">Identity</th>
            <th scope="col">Contract</th>
          </tr>
        </thead>
        <tbody>
          {sorted.map((socket) => (
            <tr key={`${socket.host} ${socket.workload} ${socket.owner} ${socket.address}:${socket.port}`}>
              <th scope="row">
                <code>
                  {visible(socket.address, 64)}:{socket.port}
                </code>
                <span className="sub block">{socket.host}</span>
              </th>
              <td>
                {socket.service}
                <span className="sub block">by {owners[socket.owner]}</span>
              </td>
              <td>
                {socket.bypassable ? (
                  <Word tone="bad" glyph="cross" text="can be gone around" />
                ) : (
                  <Word tone="good" glyph="solid" text="none" />
                )}
                <span className="sub block">{visible(socket.reason, 200)}</span>
              </td>
              <td>
                <MtlsWord mtls={socket.mtls} />
              </td>
              <td>
                {socket.identity === null ? <span className="sub">none</span> : <Identity id={socket.identity} />}
              </td>
              <td>
                <Held held={socket.held} bypassable={socket.bypassable} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Held({ held, bypassable }: { readonly held: HeldBy | null; readonly bypassable: boolean }) {
  if (held === null) return <Word tone="bad" glyph="cross" text="no contract" />;
  return (
    <>
      v{held.version}
      {bypassable && <span className="sub"> (only where traffic passes the sidecar)</span>}
      <ul className="modes">
        {layers.map((layer) => (
          <li key={layer} className="with-icon sub">
            <LayerIcon layer={layer} />
            <span className="sr">{layerNames[layer]}</span>
            {held.mode[layer]}
          </li>
        ))}
      </ul>
    </>
  );
}
