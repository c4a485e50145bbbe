/** What a view shows: fetched once, fetched anew when the stream says so, and kept on the page while that happens. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { ApiError, get } from './api.ts';
import { type Topic, useStream } from './stream.ts';

export interface Resource<Data> {
  readonly data: Data | undefined;
  readonly problem: ApiError | undefined;
  readonly reload: () => void;
}

/** @param pollMs also fetch this often while the page is looked at, for what the stream does not tell. */
export function useResource<Data>(path: string, topics: readonly Topic[], pollMs?: number): Resource<Data> {
  const [state, setState] = useState<{ path: string; data?: Data; problem?: ApiError }>({ path });
  const [turn, setTurn] = useState(0);
  const pending = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const reload = useCallback(() => setTurn((number) => number + 1), []);

  // A burst of events costs one fetch.
  const soon = useCallback(() => {
    if (pending.current !== undefined) return;
    pending.current = setTimeout(() => {
      pending.current = undefined;
      reload();
    }, 150);
  }, [reload]);
  useStream(topics, soon);
  useEffect(() => () => clearTimeout(pending.current), []);

  useEffect(() => {
    if (pollMs === undefined) return;
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') reload();
    }, pollMs);
    return () => clearInterval(timer);
  }, [pollMs, reload]);

  // `turn` is what asks for another fetch
  useEffect(() => {
    const abort = new AbortController();
    get<Data>(path, abort.signal).then(
      (data) => setState({ path, data }),
      (error: unknown) => {
        if (abort.signal.aborted) return;
        const problem =
          error instanceof ApiError ? error : new ApiError(0, 'unexpected', 'something went wrong here', null);
        // What was shown stays, with the problem above it.
        setState((before) => (before.path === path ? { ...before, problem } : { path, problem }));
      },
    );
    return () => abort.abort();
  }, [path, turn]);

  const current = state.path === path ? state : undefined;
  return { data: current?.data, problem: current?.problem, reload };
}
