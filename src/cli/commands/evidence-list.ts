import type { EvidenceAnswer } from '../../server/index.js';
import { type Command, exitCode, text } from '../command.js';
import { apiOf } from '../signed-in.js';

type Rows = { readonly evidence: readonly EvidenceAnswer['evidence'][] };

export const command: Command = async (invocation) => {
  const { output } = invocation;
  const incident = text(invocation, 'incident');
  const query = incident === undefined ? '' : `?incident=${encodeURIComponent(incident)}`;
  const { evidence } = await apiOf(invocation).get<Rows>(`/v1/evidence${query}`);
  output.result({ schemaVersion: 1, evidence }, () =>
    evidence.length === 0
      ? 'no evidence'
      : output.table(
          ['ID', 'INCIDENT', 'SERVICE', 'COLLECTED', 'FILES', 'MB', 'PINNED'],
          evidence.map((row) => [
            row.id,
            row.incident ?? '',
            row.service,
            new Date(row.collectedAt).toISOString(),
            String(row.files),
            (row.bytes / 1_048_576).toFixed(1),
            row.pin === null ? '' : `${row.pin.by}: ${row.pin.reason}`,
          ]),
        ),
  );
  return exitCode.done;
};
