import type { IncidentAnswer } from '../../../../src/server/api-types.ts';
import { visible } from '../../format.ts';

/** What retention let go of around the incident: silence there is not peace. */
export function Gaps({ gaps }: { readonly gaps: IncidentAnswer['gaps'] }) {
  if (gaps.length === 0) return null;
  return (
    <>
      <p className="sub">No longer there, of all services together:</p>
      <ul className="rows">
        {gaps.map(({ sentence }) => (
          <li key={sentence}>{visible(sentence, 300)}</li>
        ))}
      </ul>
    </>
  );
}
