import { z } from 'zod';
import { verifyBundle, manifestText } from '../../respond/index.js';
import { type KeptEvidence, StoreError } from '../../store/index.js';
import { EvidenceAnswer, EvidenceKeys, EvidenceList, EvidencePinned, EvidencePinRequest } from '../api/evidence.js';
import type { Actor } from '../auth/access.js';
import type { Context } from '../context.js';
import { ServerError } from '../errors.js';
import { tarStream } from '../evidence/tar.js';
import { EvidenceId } from '../evidence/vault.js';
import { type Route, route } from '../http/route.js';
import { reachOf, requireAll } from '../reach.js';
import { evidenceRow } from '../views/evidence.js';

const OfBundle = z.strictObject({ id: EvidenceId });

export const evidenceRoutes: readonly Route<Context>[] = [
  route({
    method: 'GET',
    path: '/v1/evidence',
    query: z.strictObject({ incident: z.string().max(40).optional() }),
    answer: EvidenceList,
    handle: async ({ query, context: { store }, actor }) => {
      const records = await store.evidence.list({
        limit: 1_000,
        services: (await reachOf(store, actor, 'evidence.read')).services,
        ...(query.incident === undefined ? {} : { incident: query.incident }),
      });
      return { evidence: records.map((record) => evidenceRow(record, undefined)) };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/evidence/:id',
    params: OfBundle,
    answer: EvidenceAnswer,
    handle: async ({ params, context, actor }) => {
      const record = await bundle(context, actor, params.id);
      const { problems, signedBy } = await verifyBundle(record.path, context.authority.evidence.keys());
      const checked = { problems: problems.slice(0, 50).map(({ path: file, message }) => `${file}: ${message}`) };
      return { evidence: evidenceRow(record, checked), manifest: record.manifest, signedBy };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/evidence/:id/download',
    params: OfBundle,
    handle: async ({ params, context, actor, reply }) => {
      const { manifest, path, signature } = await bundle(context, actor, params.id);
      const files = [
        ...manifest.files,
        { path: 'manifest.json', bytes: Buffer.byteLength(manifestText(manifest)) },
        { path: 'manifest.sig', bytes: Buffer.byteLength(`${signature}\n`) },
      ];
      void reply
        .type('application/x-tar')
        .header('content-disposition', `attachment; filename="${params.id}.tar"`)
        .header('cache-control', 'no-store')
        .send(tarStream(path, params.id, files, manifest.collectedAt));
      return undefined;
    },
  }),
  route({
    method: 'POST',
    path: '/v1/evidence/:id/pin',
    params: OfBundle,
    body: EvidencePinRequest,
    answer: EvidencePinned,
    handle: ({ params: { id }, body, context, actor }) => pin(context, actor, id, true, body.reason),
  }),
  route({
    method: 'POST',
    path: '/v1/evidence/:id/unpin',
    params: OfBundle,
    body: EvidencePinRequest,
    answer: EvidencePinned,
    handle: ({ params: { id }, body, context, actor }) => pin(context, actor, id, false, body.reason),
  }),
  route({
    method: 'GET',
    path: '/v1/evidence-key',
    answer: EvidenceKeys,
    handle: async ({ context: { authority } }) => {
      const keys = authority.evidence.keys();
      return { publicKey: keys.at(-1)?.publicKey ?? '', keys: [...keys] };
    },
  }),
];

async function bundle({ store }: Pick<Context, 'store'>, actor: Actor, id: string): Promise<KeptEvidence> {
  const [record, reach] = await Promise.all([store.evidence.get(id), reachOf(store, actor, 'evidence.read')]);
  if (record === undefined || !reach.has(record.manifest.service))
    throw new ServerError('not-found', `there is no evidence \`${id}\``, {
      hint: 'evidence past its days is removed; the audit trail says when (evidence.remove)',
    });
  return record;
}

async function pin(context: Context, actor: Actor, id: string, pinned: boolean, reason: string) {
  const by = actor.account;
  await context.changes.transact(async (tx, note) => {
    const [record, reach] = await Promise.all([tx.evidence.get(id), reachOf(tx, actor, 'status.read')]);
    if (record === undefined || !reach.has(record.manifest.service)) throw noEvidence(`there is no evidence \`${id}\``);
    await requireAll(tx, actor, 'incident.decide', [record.manifest.service]);
    await (pinned ? tx.evidence.pin(id, by, reason) : tx.evidence.unpin(id, by, reason)).catch((error: unknown) => {
      throw error instanceof StoreError && error.code === 'not-found' ? noEvidence(error.message) : error;
    });
    note.tell('evidence', id, pinned ? 'pinned' : 'unpinned');
  });
  return { id, pinned };
}

function noEvidence(message: string): ServerError {
  return new ServerError('not-found', message, { hint: 'list bundles with `tricordon evidence list`' });
}
