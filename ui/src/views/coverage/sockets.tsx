import { useState } from 'react';
import type { SocketRow } from '../../../../src/server/api-types.ts';
import { count, visible } from '../../format.ts';
import { Identity } from '../../parts/identity.tsx';
import { Link } from '../../parts/link.tsx';
import { LockIcon, ToneIcon } from '../../parts/shapes.tsx';
import { Hostile } from '../../parts/text.tsx';
import { modeWords, owners } from '../../words.ts';

const atFirst = 100;

/** What can be gone around stands first and is never green. */
export function Sockets({ sockets }: { sockets: readonly SocketRow[] }) {
  const [all, setAll] = useState(false);
  const sorted = sockets.toSorted(
    (a, b) => Number(b.bypassable) - Number(a.bypassable) || a.service.localeCompare(b.service) || a.port - b.port,
  );
  const shown = all ? sorted : sorted.slice(0, atFirst);
  return (
    <div className="scroll">
      <table className="rows sockets">
        <thead>
          <tr>
            <th scope="col">Service</th>
            <th scope="col">Listens on</th>
            <th scope="col">Who listens</th>
            <th scope="col">Identity</th>
            <th scope="col">Mutual TLS</th>
            <th scope="col">Contract</th>
            <th scope="col">Can be gone around</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((socket) => (
            <tr key={`${socket.host} ${socket.workload} ${socket.address} ${socket.port} ${socket.owner}`}>
              <th scope="row" data-label="Service">
                <Link to={`/map?select=${encodeURIComponent(`service:${socket.service}`)}`}>{socket.service}</Link>
              </th>
              <td data-label="Listens on">
                <code className="address">
                  {visible(socket.address, 60)}:{socket.port}
                </code>
                <span className="faint">{visible(socket.host, 60)}</span>
              </td>
              <td data-label="Who listens">{owners[socket.owner]}</td>
              <td data-label="Identity">
                {socket.identity === null ? (
                  <span className="faint">none: whoever connects is not known</span>
                ) : (
                  <Identity id={socket.identity} />
                )}
              </td>
              <td data-label="Mutual TLS" className="nowrap">
                <LockIcon closed={socket.mtls} /> {socket.mtls ? 'Yes' : 'No'}
              </td>
              <td data-label="Contract">
                {socket.held === null ? (
                  <span className="ink-bad">none</span>
                ) : (
                  <>
                    v{socket.held.version}
                    <span className="faint">{modeWords(socket.held.mode)}</span>
                  </>
                )}
              </td>
              <td data-label="Can be gone around">
                <span className={`shown ${socket.bypassable ? 'ink-bad' : 'ink-good'}`}>
                  <ToneIcon tone={socket.bypassable ? 'bad' : 'good'} />
                  {socket.bypassable ? 'Yes' : 'No'}
                </span>
                <span className="faint">
                  <Hostile text={socket.reason} limit={240} />
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length < sockets.length && (
        <button type="button" onClick={() => setAll(true)}>
          Show all {count(sockets.length)}
        </button>
      )}
    </div>
  );
}
