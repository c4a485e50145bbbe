import { useCallback, useEffect, useState } from 'react';
import type { EvidenceAnswer, EvidenceRow } from '../../../../src/server/api-types.ts';
import { ApiError, get } from '../../api.ts';
import { bytes, dateTime, plural, shortDigest, visible } from '../../format.ts';
import { Command } from '../../parts/command.tsx';
import { Problem } from '../../parts/notice.tsx';
import { VerifiedWord } from '../../parts/words.tsx';

export function Evidence({ evidence }: { readonly evidence: readonly EvidenceRow[] }) {
  if (evidence.length === 0)
    return <p className="sub">Nothing is sealed yet. Planning containment proposes to collect it.</p>;
  return (
    <ul className="rows">
      {evidence.map((row) => (
        <Bundle key={row.id} row={row} />
      ))}
    </ul>
  );
}

function Bundle({ row }: { readonly row: EvidenceRow }) {
  const [checked, setChecked] = useState<EvidenceRow>();
  const [problem, setProblem] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const now = checked ?? row;
  const verify = useCallback(() => {
    setBusy(true);
    setProblem(undefined);
    get<EvidenceAnswer>(`/v1/evidence/${encodeURIComponent(row.id)}`)
      .then(
        ({ evidence }) => setChecked(evidence),
        (error: unknown) => setProblem(error instanceof ApiError ? error : undefined),
      )
      .finally(() => setBusy(false));
  }, [row.id]);
  useEffect(verify, [verify]);
  return (
    <li>
      <p className="spread">
        <b className="mono wrap">{visible(row.id, 96)}</b>
        <span role="status">
          <VerifiedWord state={now.verified} />
        </span>
      </p>
      <p className="sub">
        {plural(row.files, 'file')}, {bytes(row.bytes)}, of {visible(row.workload, 120)}, {dateTime(row.collectedAt)}
      </p>
      <p className="sub">
        signed manifest <code title={row.manifestDigest}>{shortDigest(row.manifestDigest)}</code>
      </p>
      {now.problems.map((line) => (
        <p key={line} className="say-bad wrap">
          {visible(line, 300)}
        </p>
      ))}
      {row.missing.length > 0 && (
        <details>
          <summary>{plural(row.missing.length, 'thing')} could not be collected</summary>
          <ul className="sub">
            {row.missing.map(({ what, reason }) => (
              <li key={what}>
                {visible(what, 120)}: {visible(reason, 300)}
              </li>
            ))}
          </ul>
        </details>
      )}
      {problem !== undefined && <Problem problem={problem} retry={verify} />}
      <p className="buttons">
        <button type="button" onClick={verify} disabled={busy}>
          {busy ? 'Verifying …' : 'Verify now'}
        </button>
        <a className="button" href={`/v1/evidence/${encodeURIComponent(row.id)}/download`} download>
          Download
        </a>
      </p>
      <Command text={`tricordon forensics verify ${row.id}`} />
    </li>
  );
}
