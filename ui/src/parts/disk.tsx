/** A disk that has little room left, on every page: what is decided stays in force, but less and less is kept. */
import type { StatusAnswer } from '../../../src/server/api-types.ts';
import { bytes } from '../format.ts';
import { useResource } from '../resource.ts';

export function DiskBanner() {
  const { data } = useResource<StatusAnswer>('/v1/status', [], 60_000);
  if (data === undefined) return null;
  const { level, freeBytes } = data.disk;
  const refusing = data.stores.filter(({ state }) => state === 'refusing').map(({ store }) => store);
  if (level === 'normal' && refusing.length === 0) return null;
  return (
    <section className="glass" aria-label="Room on disk">
      <p>
        <strong>
          {level === 'full'
            ? 'The disk of the control plane is full.'
            : level === 'tight'
              ? `Little room is left on the disk of the control plane: ${bytes(freeBytes)}.`
              : `Nothing new is taken: ${refusing.join(', ')}.`}
        </strong>{' '}
        {level === 'full'
          ? 'What is decided stays in force; nothing new is kept. Free some space, and all comes back by itself.'
          : level === 'tight'
            ? 'Less is kept, and little new evidence is taken. Free some space.'
            : 'It holds as much as it may. Unpin or raise its quota.'}
      </p>
    </section>
  );
}
