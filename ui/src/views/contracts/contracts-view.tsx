/** Every service with a contract: what it is held to, and where somebody has to decide. */
import type { ContractsAnswer, ContractVersionRow } from '../../../../src/server/api-types.ts';
import { count, dateTime, plural, visible } from '../../format.ts';
import { Command } from '../../parts/command.tsx';
import { LayerIcon, layerNames, layers } from '../../parts/layer.tsx';
import { Link } from '../../parts/link.tsx';
import { Empty, Loading, Problem } from '../../parts/notice.tsx';
import { Scroll } from '../../parts/scroll.tsx';
import { ModeWord, Word } from '../../parts/words.tsx';
import { useResource } from '../../resource.ts';
import type { Topic } from '../../stream.ts';

type Row = ContractsAnswer['contracts'][number];
const topics: readonly Topic[] = ['contracts'];

export function ContractsView() {
  const { data, problem, reload } = useResource<ContractsAnswer>('/v1/contracts', topics, 30_000);
  const waiting = data?.contracts.filter(({ proposal }) => proposal !== null).length ?? 0;
  return (
    <>
      {problem !== undefined && <Problem problem={problem} retry={reload} />}
      <header className="head">
        <h1>
          {data === undefined || data.contracts.length === 0
            ? 'Contracts'
            : waiting === 0
              ? 'No proposed contract waits for a decision.'
              : `${plural(waiting, 'proposed contract')} ${waiting === 1 ? 'waits' : 'wait'} for a decision.`}
        </h1>
      </header>
      {data === undefined ? (
        problem === undefined && <Loading />
      ) : data.contracts.length === 0 ? (
        <Empty title="No service has a contract yet">
          <p>A service gets its first contract, which learns, when it is started behind a sidecar:</p>
          <Command text="tricordon run --service NAME --port PORT -- COMMAND" />
        </Empty>
      ) : (
        <Rows rows={[...data.contracts].sort(undecidedFirst)} />
      )}
    </>
  );
}

function Rows({ rows }: { readonly rows: readonly Row[] }) {
  return (
    <Scroll label="Contracts by service">
      <table className="contracts">
        <thead>
          <tr>
            <th scope="col">Service</th>
            <th scope="col">State</th>
            <th scope="col">How it is held by layer</th>
            <th scope="col" className="num">
              Learned from
            </th>
            <th scope="col" className="num">
              Versions
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.service}>
              <th scope="row">
                <Link to={`/contracts/${row.service}`}>{row.service}</Link>
                <span className="sub block">{row.active === null ? 'none in force' : `v${row.active.version}`}</span>
              </th>
              <td>
                <State row={row} />
              </td>
              <td>{row.active !== null && <Modes mode={row.active.mode} />}</td>
              <td className="num">{row.learned === 0 ? '' : count(row.learned)}</td>
              <td className="num">{count(row.versions)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function State({ row }: { readonly row: Row }) {
  if (row.proposal !== null) {
    return (
      <>
        <Word tone="warning" glyph="bang" text={`v${row.proposal.version} waits for a decision`} />
        <span className="sub block">{proposedWords(row.proposal)}</span>
      </>
    );
  }
  if (row.active === null) return <Word tone="bad" glyph="cross" text="nothing passes: no contract in force" />;
  const modes = layers.map((layer) => row.active?.mode[layer]);
  if (modes.includes('learn')) return <Word tone="warning" glyph="dots" text="learning" />;
  if (modes.every((mode) => mode === 'enforce')) return <Word tone="good" glyph="solid" text="decided, enforced" />;
  return <Word tone="warning" glyph="half" text="decided, not enforced on every layer" />;
}

export function Modes({ mode }: { readonly mode: ContractVersionRow['mode'] }) {
  return (
    <ul className="modes">
      {layers.map((layer) => (
        <li key={layer} className="with-icon">
          <LayerIcon layer={layer} />
          {layerNames[layer]} <ModeWord mode={mode[layer]} />
        </li>
      ))}
    </ul>
  );
}

function proposedWords({ origin, proposedBy, proposedAt }: ContractVersionRow): string {
  return `${origins[origin]} by ${visible(proposedBy, 60)}, ${dateTime(proposedAt)}`;
}

export const origins: Readonly<Record<ContractVersionRow['origin'], string>> = {
  initial: 'first contract',
  learned: 'learned, proposed',
  declared: 'written, proposed',
  'mode-change': 'change of modes',
};

function undecidedFirst(one: Row, other: Row): number {
  const rank = ({ proposal }: Row) => (proposal === null ? 1 : 0);
  return rank(one) - rank(other) || one.service.localeCompare(other.service);
}
