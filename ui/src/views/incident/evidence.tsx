/** The proof: each bundle, checked now against its signature, with what is missing in it. */
import type { EvidenceAnswer, EvidenceRow } from '../../../../src/server/api-types.ts';
import { bytes, dateTime, plural, shortDigest, visible } from '../../format.ts';
import { Command } from '../../parts/command.tsx';
import { ToneIcon } from '../../parts/shapes.tsx';
import { Hostile } from '../../parts/text.tsx';
import { useResource } from '../../resource.ts';

export function EvidenceList({ evidence }: { evidence: readonly EvidenceRow[] }) {
  if (evidence.length === 0) {
    return <p className="faint">No evidence has been collected. Apply the action that collects and seals it.</p>;
  }
  return (
    <ul className="bundles">
      {evidence.slice(0, 20).map((row) => (
        <Bundle key={row.id} row={row} />
      ))}
    </ul>
  );
}

const nothing: readonly never[] = [];

function Bundle({ row }: { row: EvidenceRow }) {
  // A list says `not-checked`; the single answer is verified when it is made.
  const { data, problem } = useResource<EvidenceAnswer>(`/v1/evidence/${encodeURIComponent(row.id)}`, nothing);
  const verified = data?.evidence.verified ?? row.verified;
  const problems = data?.evidence.problems ?? row.problems;
  const shown = {
    ok: { tone: 'good', word: 'Verified: every file matches the signed manifest' },
    broken: { tone: 'bad', word: 'Broken: do not rely on it' },
    'not-checked': { tone: 'plain', word: problem === undefined ? 'Checking …' : 'Could not be checked' },
  } as const;
  return (
    <li>
      <p>
        <span className={`shown ink-${shown[verified].tone}`}>
          <ToneIcon tone={shown[verified].tone} />
          {shown[verified].word}
        </span>
      </p>
      <p>
        <code>{visible(row.id, 120)}</code>
      </p>
      <p className="faint">
        {plural(row.files, 'file')}, {bytes(row.bytes)}, of {visible(row.workload, 120)}, {dateTime(row.collectedAt)},{' '}
        manifest <code title={visible(row.manifestDigest, 100)}>{shortDigest(row.manifestDigest)}</code>
      </p>
      {problems.length > 0 && (
        <ul className="ink-bad">
          {problems.slice(0, 10).map((text) => (
            <li key={text}>
              <Hostile text={text} />
            </li>
          ))}
        </ul>
      )}
      {row.missing.length > 0 && (
        <ul className="missing">
          {row.missing.slice(0, 10).map(({ what, reason }) => (
            <li key={what}>
              Without <Hostile text={what} limit={100} />: <Hostile text={reason} limit={200} />
            </li>
          ))}
        </ul>
      )}
      <p className="buttons">
        <a href={`/v1/evidence/${encodeURIComponent(row.id)}/download`} download>
          Download
        </a>
        <Command text={`tricordon forensics verify ${row.id}`} />
      </p>
    </li>
  );
}
