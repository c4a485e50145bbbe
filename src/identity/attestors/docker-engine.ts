/** The two questions an attestor asks the Docker Engine, over its Unix socket. */
import { z } from 'zod';
import { callEngine, EngineAnswerTooLong, engineSocketPath, messageOf } from '../../base/index.js';
import { IdentityError } from '../errors.js';

export interface ContainerFacts {
  readonly id: string;
  readonly running: boolean;
  /** Of the container's first process, on the host; 0 when it does not run. */
  readonly pid: number;
  /** Digest of the image's configuration (of its manifest where the Engine keeps images in containerd). */
  readonly image: string;
  readonly imageName: string;
}

export interface DockerEngine {
  /** Undefined: the Engine knows no such container. */
  container(id: string): Promise<ContainerFacts | undefined>;
  /** Manifest digests the image was pulled by; empty for one built here. Undefined: no such image. */
  imageManifests(image: string): Promise<readonly string[] | undefined>;
}

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const containerAnswer = z.object({
  Id: z.string().regex(/^[0-9a-f]{64}$/),
  Image: digest,
  State: z.object({ Running: z.boolean(), Pid: z.int().min(0) }),
  Config: z.object({ Image: z.string().max(1_024) }),
});
const imageAnswer = z.object({ RepoDigests: z.array(z.string().max(1_024)).max(1_000).nullish() });

/** @param version of the Engine's API; it answers to several. */
export function dockerEngine(socketPath = engineSocketPath, timeoutMs = 10_000, version = '1.41'): DockerEngine {
  return {
    async container(id) {
      const answer = await get(`/v${version}/containers/${encodeURIComponent(id)}/json`, containerAnswer);
      return (
        answer && {
          id: answer.Id,
          running: answer.State.Running,
          pid: answer.State.Pid,
          image: answer.Image,
          imageName: answer.Config.Image,
        }
      );
    },
    async imageManifests(image) {
      const answer = await get(`/v${version}/images/${encodeURIComponent(image)}/json`, imageAnswer);
      return (
        answer &&
        (answer.RepoDigests ?? [])
          .map((name) => name.slice(name.lastIndexOf('@') + 1))
          .filter((text) => digest.safeParse(text).success)
      );
    },
  };

  async function get<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
    const { status, body } = await fetchAnswer(path);
    if (status === 404) return undefined;
    if (status !== 200) throw wrong(`it answered ${status}`);
    let json: unknown;
    try {
      json = JSON.parse(body);
    } catch (cause) {
      throw wrong('its answer is no JSON', cause);
    }
    const parsed = schema.safeParse(json);
    if (!parsed.success) throw wrong('its answer has another shape than expected', parsed.error);
    return parsed.data;
  }

  async function fetchAnswer(path: string): Promise<{ status: number; body: string }> {
    try {
      const { status, body } = await callEngine({ socketPath, path, timeoutMs });
      return { status, body: body.toString('utf8') };
    } catch (cause) {
      if (cause instanceof EngineAnswerTooLong) throw wrong('its answer is larger than 4 MiB', cause);
      throw new IdentityError(
        'engine-unreachable',
        `the Docker Engine at \`${socketPath}\` does not answer: ${messageOf(cause)}`,
        { cause, hint: 'start dockerd, or let this account use its socket' },
      );
    }
  }
}

function wrong(what: string, cause?: unknown): IdentityError {
  return new IdentityError('engine-answer-invalid', `the Docker Engine is not understood: ${what}`, { cause });
}
