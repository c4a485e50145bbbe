import type { AuditAnswer } from '../../server/index.js';
import { CliError, type Command, exitCode, type Invocation, text } from '../command.js';
import { apiOf } from '../signed-in.js';

/** Newest first, as many as asked for: the server looks at a stretch of the trail at a time. */
export const command: Command = async (invocation) => {
  const { output } = invocation;
  const limit = limitOf(invocation);
  const query = new URLSearchParams();
  for (const name of ['text', 'actor', 'action', 'subject']) {
    const value = text(invocation, name);
    if (value !== undefined) query.set(name, value);
  }
  const [since, until] = [timeOf(invocation, 'from'), timeOf(invocation, 'to')];
  if (since !== undefined) query.set('since', String(since));
  if (until !== undefined) query.set('until', String(until));
  const api = apiOf(invocation);
  const entries: AuditAnswer['entries'] = [];
  for (let before: number | null | undefined; before !== null && entries.length < limit; ) {
    query.set('limit', String(Math.min(limit - entries.length, 1_000)));
    if (before !== undefined) query.set('before', String(before));
    const answer: AuditAnswer = await api.get(`/v1/audit?${query}`);
    entries.push(...answer.entries);
    before = answer.next;
  }
  output.result({ schemaVersion: 1, entries }, () =>
    entries.length === 0
      ? 'no entry of the audit trail is like that'
      : output.table(
          ['ENTRY', 'AT', 'WHO', 'DID', 'ON', 'DETAIL'],
          entries.map(({ sequence, at, actor, action, subject, detail }) => [
            String(sequence),
            new Date(at).toISOString(),
            actor,
            action,
            subject,
            JSON.stringify(detail),
          ]),
        ),
  );
  return exitCode.done;
};

function limitOf(invocation: Invocation): number {
  const written = text(invocation, 'limit') ?? '50';
  const limit = /^[0-9]{1,5}$/.test(written) ? Number(written) : 0;
  if (limit >= 1 && limit <= 10_000) return limit;
  throw new CliError('usage', `\`${written}\` is not a number from 1 to 10000`);
}

function timeOf(invocation: Invocation, option: string): number | undefined {
  const written = text(invocation, option);
  if (written === undefined) return undefined;
  const at = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/.test(written)
    ? Date.parse(written)
    : Number.NaN;
  if (Number.isFinite(at)) return at;
  throw new CliError('usage', `\`${written}\` is not a time`, {
    hint: `write --${option} 2026-11-22 (midnight UTC) or --${option} 2026-11-22T12:00:00Z`,
  });
}
