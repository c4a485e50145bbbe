/** Whether the trail is what it was, and the file with which others find out for themselves. */
import { useState } from 'react';
import type { AuditVerified } from '../../../../src/server/api-types.ts';
import { ApiError, get } from '../../api.ts';
import { count, plural, visible } from '../../format.ts';
import { Command } from '../../parts/command.tsx';
import { Problem } from '../../parts/notice.tsx';
import { Word } from '../../parts/words.tsx';

export function Proof({ newest }: { readonly newest: number | undefined }) {
  const [verdict, setVerdict] = useState<AuditVerified>();
  const [problem, setProblem] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const verify = () => {
    setBusy(true);
    setProblem(undefined);
    setVerdict(undefined);
    get<AuditVerified>('/v1/audit/verify')
      .then(setVerdict, (error: unknown) => setProblem(error instanceof ApiError ? error : undefined))
      .finally(() => setBusy(false));
  };
  return (
    <div className="audit-proof">
      <p className="buttons">
        <button type="button" onClick={verify} disabled={busy}>
          {busy ? 'Verifying …' : 'Verify the chain'}
        </button>
        <a className="button" href="/v1/audit/export" download>
          Export all as JSON lines
        </a>
      </p>
      <div role="status">
        {busy && (
          <p className="sub">
            Recomputing {newest === undefined ? 'every entry' : `${plural(newest, 'entry', 'entries')} and more`} …
          </p>
        )}
        {verdict !== undefined && <Verdict verdict={verdict} />}
      </div>
      {problem !== undefined && <Problem problem={problem} retry={verify} />}
      <details>
        <summary>How to verify an export without this installation</summary>
        <Command text="tricordon audit verify --file audit-812.ndjson --checkpoint audit-checkpoint.json" />
      </details>
    </div>
  );
}

function Verdict({ verdict: { ok, length, head, brokenAt, reason, signedUpTo } }: { readonly verdict: AuditVerified }) {
  if (!ok) {
    return (
      <p className="say-bad wrap">
        <Word tone="bad" glyph="cross" text={brokenAt === null ? 'broken' : `broken at entry ${count(brokenAt)}`} />:{' '}
        {visible(reason ?? 'for an unknown reason', 300)}. Treat what follows it as changed until that is explained.
      </p>
    );
  }
  return (
    <>
      <p>
        <Word tone="good" glyph="tick" text={`unbroken: ${plural(length, 'entry', 'entries')}`} />
      </p>
      <p className="sub wrap">
        {signedUpTo === null
          ? 'No signed checkpoint yet: an end that was cut off would not show.'
          : `The signed checkpoint outside of the database agrees up to entry ${count(signedUpTo)}.`}{' '}
        Head <code>{head}</code>
      </p>
    </>
  );
}
