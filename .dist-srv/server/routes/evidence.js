import { z } from 'zod';
import { verifyBundle, manifestText } from '../../respond/index.js';
import { EvidenceAnswer, EvidenceList } from '../api/evidence.js';
import { ServerError } from '../errors.js';
import { manifestDigest } from '../evidence/digest.js';
import { tarStream } from '../evidence/tar.js';
import { EvidenceId } from '../evidence/vault.js';
import { route } from '../http/route.js';
import { evidenceRow } from '../views/evidence.js';
const OfBundle = z.strictObject({ id: EvidenceId });
export const evidenceRoutes = [
    route({
        method: 'GET',
        path: '/v1/evidence',
        query: z.strictObject({ incident: z.string().max(40).optional() }),
        answer: EvidenceList,
        handle: async ({ query, context: { store } }) => {
            const records = await store.evidence.list({
                limit: 1_000,
                ...(query.incident === undefined ? {} : { incident: query.incident }),
            });
            return { evidence: records.map(({ manifest }) => evidenceRow(manifest, manifestDigest(manifest), undefined)) };
        },
    }),
    route({
        method: 'GET',
        path: '/v1/evidence/:id',
        params: OfBundle,
        answer: EvidenceAnswer,
        handle: async ({ params, context }) => {
            const { manifest, path } = await bundle(context, params.id);
            const { problems } = await verifyBundle(path, context.authority.evidencePublicKeyPem);
            const checked = { problems: problems.slice(0, 50).map(({ path: file, message }) => `${file}: ${message}`) };
            return { evidence: evidenceRow(manifest, manifestDigest(manifest), checked), manifest };
        },
    }),
    route({
        method: 'GET',
        path: '/v1/evidence/:id/download',
        params: OfBundle,
        handle: async ({ params, context, reply }) => {
            const { manifest, path, signature } = await bundle(context, params.id);
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
        method: 'GET',
        path: '/v1/evidence-key',
        answer: z.strictObject({ publicKey: z.string() }),
        handle: async ({ context: { authority } }) => ({ publicKey: authority.evidencePublicKeyPem }),
    }),
];
async function bundle({ store }, id) {
    const record = await store.evidence.get(id);
    if (record === undefined)
        throw new ServerError('not-found', `there is no evidence \`${id}\``);
    return record;
}
