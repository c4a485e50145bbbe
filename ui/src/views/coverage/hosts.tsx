import type { HostRow } from '../../../../src/server/api-types.ts';
import { ago, count, plural, visible } from '../../format.ts';
import { Command } from '../../parts/command.tsx';
import { CordLine, cordOfLevel } from '../../parts/cord.tsx';
import { layerNames, layers } from '../../parts/layer.tsx';
import { HostWord, LevelWord } from '../../parts/words.tsx';

/** Host by layer: a cord each, with who watches it, what is not seen, and the command that mends it. */
export function Hosts({ hosts, now }: { readonly hosts: readonly HostRow[]; readonly now: number }) {
  return (
    <ul className="hosts">
      {hosts.map((host) => (
        <li key={host.host}>
          <div className="host-head">
            <h3>{host.host}</h3>
            <HostWord state={host.state} />
            <span className="sub">
              {plural(host.workloads, 'workload')}
              {', '}
              <span className={host.lost > 0 ? 'say-bad' : ''}>{count(host.lost)} events lost</span>
              {host.at !== null && `, heard ${ago(now - host.at)}`}
            </span>
          </div>
          {host.version === 'apart' && (
            <p className="sub say-bad">Not heard: its agent’s version is too far from the control plane’s.</p>
          )}
          {host.version === 'behind' && (
            <p className="sub">Its agent is one version behind: upgrade Tricordon there.</p>
          )}
          <dl className="watch">
            {layers.map((layer) => (
              <Watched key={layer} layer={layer} host={host} />
            ))}
          </dl>
        </li>
      ))}
    </ul>
  );
}

function Watched({ layer, host }: { readonly layer: (typeof layers)[number]; readonly host: HostRow }) {
  const { level, by, gaps } = host.coverage[layer];
  // What a silent host last said is shown as what it was, and drawn as what it is: not watched.
  const believed = host.state === 'reporting' ? level : 'none';
  const fixes = [...new Set(gaps.map(({ fix }) => fix).filter((fix) => fix !== null))];
  return (
    <div className="watch-row">
      <dt>
        <CordLine layer={layer} state={cordOfLevel(believed)} width={92} />
        {layerNames[layer]}
      </dt>
      <dd>
        <span className="watch-level">
          <LevelWord level={believed} />
          {by !== '' && <span className="sub">by {visible(by, 80)}</span>}
        </span>
        {host.state === 'silent' && <span className="sub block">No report: what it last said is not believed.</span>}
        {gaps.map(({ what }) => (
          <span key={what} className="sub block">
            {visible(what, 300)}
          </span>
        ))}
        {fixes.map((fix) => (
          <span key={fix} className="block">
            {isCommand(fix) ? <Command text={fix} /> : <span className="sub">To cover it: {visible(fix, 300)}</span>}
          </span>
        ))}
      </dd>
    </div>
  );
}

/** Some gaps are closed by a command, others by an act (`run as root`): only the first are worth copying. */
function isCommand(fix: string): boolean {
  return /^(sudo|tricordon|apt|apt-get|dnf|sysctl|modprobe|mount|systemctl|docker|npm|npx|node) /.test(fix);
}
