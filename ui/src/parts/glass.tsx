/** Break-glass, on every page for as long as it is open. */
import { useEffect, useState } from 'react';
import type { GlassAnswer } from '../../../src/server/api-types.ts';
import { visible } from '../format.ts';
import { useResource } from '../resource.ts';
import type { Topic } from '../stream.ts';

const topics: readonly Topic[] = ['glass'];

export function GlassBanner() {
  const { data } = useResource<GlassAnswer>('/v1/glass', topics, 30_000);
  const open = data?.open ?? [];
  if (data === undefined || open.length === 0) return null;
  return (
    <section className="glass" aria-label="Break-glass">
      <ul>
        {open.map(({ id, services, layers, host, until, by, reason }) => (
          <li key={id}>
            <strong>
              The glass is broken: {services === null ? 'all services' : visible(services.join(', '), 200)} (
              {layers.join(', ')}){host !== null && ` on ${visible(host, 60)}`}.
            </strong>{' '}
            What contracts forbid there is noted, not refused. {visible(by, 100)}: “{visible(reason, 300)}”.{' '}
            <Left now={data.now} until={until} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Counted from when the answer came: this browser's clock may be wrong. */
function Left({ now, until }: { readonly now: number; readonly until: number }) {
  const [passed, setPassed] = useState(0);
  // Another answer begins another count.
  useEffect(() => {
    const began = performance.now();
    const since = () => setPassed(performance.now() - began);
    since();
    const timer = setInterval(since, 1_000);
    return () => clearInterval(timer);
  }, [now, until]);
  const seconds = Math.max(0, Math.ceil((until - now - passed) / 1_000));
  return (
    <span className="mono">
      Ends by itself in {Math.floor(seconds / 60)}:{String(seconds % 60).padStart(2, '0')}.
    </span>
  );
}
