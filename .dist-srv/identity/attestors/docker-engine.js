/** The two questions an attestor asks the Docker Engine (API v1.41), over its Unix socket. */
import { request } from 'node:http';
import { z } from 'zod';
import { messageOf } from '../../base/index.js';
import { IdentityError } from '../errors.js';
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const containerAnswer = z.object({
    Id: z.string().regex(/^[0-9a-f]{64}$/),
    Image: digest,
    State: z.object({ Running: z.boolean(), Pid: z.int().min(0) }),
    Config: z.object({ Image: z.string().max(1_024) }),
});
const imageAnswer = z.object({ RepoDigests: z.array(z.string().max(1_024)).max(1_000).nullish() });
const largestAnswer = 4 << 20;
/** @param socketPath default `/var/run/docker.sock`. */
export function dockerEngine(socketPath = '/var/run/docker.sock', timeoutMs = 10_000) {
    return {
        async container(id) {
            const answer = await get(`/v1.41/containers/${encodeURIComponent(id)}/json`, containerAnswer);
            return (answer && {
                id: answer.Id,
                running: answer.State.Running,
                pid: answer.State.Pid,
                image: answer.Image,
                imageName: answer.Config.Image,
            });
        },
        async imageManifests(image) {
            const answer = await get(`/v1.41/images/${encodeURIComponent(image)}/json`, imageAnswer);
            return (answer &&
                (answer.RepoDigests ?? [])
                    .map((name) => name.slice(name.lastIndexOf('@') + 1))
                    .filter((text) => digest.safeParse(text).success));
        },
    };
    async function get(path, schema) {
        const { status, body } = await fetchAnswer(path);
        if (status === 404)
            return undefined;
        if (status !== 200)
            throw wrong(`it answered ${status}`);
        let json;
        try {
            json = JSON.parse(body);
        }
        catch (cause) {
            throw wrong('its answer is no JSON', cause);
        }
        const parsed = schema.safeParse(json);
        if (!parsed.success)
            throw wrong('its answer has another shape than expected', parsed.error);
        return parsed.data;
    }
    function fetchAnswer(path) {
        return new Promise((resolve, reject) => {
            const signal = AbortSignal.timeout(timeoutMs);
            const call = request({ socketPath, path, signal, headers: { host: 'docker' } }, (response) => {
                const chunks = [];
                let size = 0;
                response.on('data', (chunk) => {
                    size += chunk.length;
                    if (size > largestAnswer)
                        call.destroy(wrong('its answer is larger than 4 MiB'));
                    else
                        chunks.push(chunk);
                });
                response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }));
                response.on('error', fail);
            });
            call.on('error', fail);
            call.end();
            function fail(cause) {
                if (cause instanceof IdentityError) {
                    reject(cause);
                    return;
                }
                reject(new IdentityError('engine-unreachable', `the Docker Engine at \`${socketPath}\` does not answer: ${messageOf(cause)}`, {
                    cause,
                    hint: 'start dockerd, or let this account use its socket',
                }));
            }
        });
    }
}
function wrong(what, cause) {
    return new IdentityError('engine-answer-invalid', `the Docker Engine is not understood: ${what}`, { cause });
}
