import type { HostRow } from '../../../../src/server/api-types.ts';
import { count, duration, plural, visible } from '../../format.ts';
import { Fix } from '../../parts/command.tsx';
import { Cord, ShownWord } from '../../parts/cord.tsx';
import { Live } from '../../parts/live.tsx';
import { Hostile } from '../../parts/text.tsx';
import { hostStates, layerNames, layers, levelShown, type Shown } from '../../words.ts';

/** One host, three cords: each as it is watched now, by what, and what closes its gaps. */
export function Hosts({ hosts, now }: { hosts: readonly HostRow[]; now: number }) {
  return (
    <table className="hosts">
      <thead className="hidden">
        <tr>
          <th scope="col">Host</th>
          <th scope="col">Layer</th>
          <th scope="col">Level</th>
          <th scope="col">Gaps, and what closes them</th>
        </tr>
      </thead>
      {hosts.map((host) => (
        <tbody key={host.host}>
          {layers.map((layer, index) => {
            const { by, gaps } = host.coverage[layer];
            const shown = shownOf(host, layer);
            return (
              <tr key={layer}>
                {index === 0 && (
                  <th scope="rowgroup" rowSpan={3} className="host">
                    <HostFacts host={host} now={now} />
                  </th>
                )}
                <th scope="row" className="layer">
                  <span className="layer-name">{layerNames[layer]}</span>
                  <Cord layer={layer} shown={shown} />
                </th>
                <td className="level">
                  <Live value={shown.word}>
                    <ShownWord shown={shown} />
                  </Live>
                  <span className="faint">{by === '' ? 'nothing watches it' : `by ${visible(by, 80)}`}</span>
                </td>
                <td className="gaps">
                  {gaps.length === 0 ? (
                    <span className="faint">no gap known</span>
                  ) : (
                    <ul>
                      {gaps.slice(0, 12).map((gap) => (
                        <li key={`${gap.what}${gap.fix ?? ''}`}>
                          <Hostile text={gap.what} />
                          {gap.fix !== null && <Fix text={gap.fix} />}
                        </li>
                      ))}
                    </ul>
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      ))}
    </table>
  );
}

function HostFacts({ host, now }: { host: HostRow; now: number }) {
  return (
    <>
      <span className="host-name">{visible(host.host, 80)}</span>
      <span className={host.state === 'reporting' ? 'faint' : 'ink-bad'}>
        {hostStates[host.state]}
        {host.at !== null && host.state === 'silent' && `, last report ${duration(now - host.at)} ago`}
      </span>
      <span className="faint">{plural(host.workloads, 'workload')}</span>
      <span className={host.lost > 0 ? 'ink-warning' : 'faint'}>
        <Live value={host.lost}>{count(host.lost)}</Live> {host.lost === 1 ? 'event' : 'events'} lost
      </span>
    </>
  );
}

/** What a silent host last said is not to be believed: its cords are broken whatever the last level was. */
function shownOf(host: HostRow, layer: (typeof layers)[number]): Shown {
  if (host.state === 'reporting') return levelShown[host.coverage[layer].level];
  return { word: host.state === 'silent' ? 'Unknown: no report' : 'No report yet', stroke: 'broken', tone: 'bad' };
}
