/** The audit trail: searched, verified, and taken away as a file that proves itself. */
import { Readable } from 'node:stream';
import { type AuditExportHead, auditExportLine, StoreError } from '../../store/index.js';
import { AuditAnswer, AuditQuery, AuditVerified } from '../api/audit.js';
import type { Context } from '../context.js';
import { present } from '../http/present.js';
import { type Route, route } from '../http/route.js';

export const auditRoutes: readonly Route<Context>[] = [
  route({
    method: 'GET',
    path: '/v1/audit',
    query: AuditQuery,
    answer: AuditAnswer,
    handle: async ({ query, context: { store } }) => {
      const { entries, searchedTo } = await store.audit.search(present(query));
      return {
        entries: entries.map(({ seq, previous: _previous, detail, ...entry }) => ({
          ...entry,
          sequence: seq,
          detail: { ...detail },
        })),
        next: searchedTo > 1 ? searchedTo : null,
      };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/audit/verify',
    answer: AuditVerified,
    handle: async ({ context: { store, checkpoint } }) => {
      let signed: Awaited<ReturnType<typeof checkpoint.read>>;
      let unreadable: string | undefined;
      try {
        signed = await checkpoint.read();
      } catch (error) {
        if (!(error instanceof StoreError) || error.code !== 'malformed') throw error;
        unreadable = error.message;
      }
      const { ok, length, head, brokenAt, reason } = await store.audit.verify(signed);
      return {
        ok: ok && unreadable === undefined,
        length,
        head,
        brokenAt: brokenAt ?? null,
        reason: reason ?? unreadable ?? null,
        signedUpTo: signed?.seq ?? null,
      };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/audit/export',
    handle: async ({ context, actor, reply }) => {
      const { store, clock, config } = context;
      // First, so that whoever reads the file sees who took it along.
      const last = await store.audit.append({
        actor: actor.account,
        action: 'audit.export',
        subject: 'audit trail',
        detail: { by: actor.kind },
      });
      const head: AuditExportHead = {
        kind: 'tricordon-audit-export',
        schemaVersion: 1,
        instance: config.instance,
        exportedAt: clock.now(),
        exportedBy: actor.account,
        last: { seq: last.seq, hash: last.hash },
      };
      void reply
        .type('application/x-ndjson')
        .header('content-disposition', `attachment; filename="audit-${last.seq}.ndjson"`)
        .header('cache-control', 'no-store')
        .send(Readable.from(linesOf(context, head)));
      return undefined;
    },
  }),
];

async function* linesOf({ store }: Context, head: AuditExportHead): AsyncGenerator<string> {
  yield auditExportLine(head);
  for await (const entry of store.audit.walk(head.last.seq)) yield auditExportLine(entry);
}
