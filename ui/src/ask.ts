/** Something that changes something: asked once at a time, with what went wrong. */
import { useCallback, useState } from 'react';
import { ApiError, post } from './api.ts';

export interface Asking {
  /** Which of them is being asked now, by the name it was given. */
  readonly busy: string | undefined;
  readonly problem: ApiError | undefined;
  /** Undefined when it was refused: `problem` says why. */
  readonly ask: <Answer>(name: string, path: string, body?: unknown) => Promise<Answer | undefined>;
  readonly forget: () => void;
}

export function useAsking(): Asking {
  const [busy, setBusy] = useState<string>();
  const [problem, setProblem] = useState<ApiError>();
  const ask = useCallback(async <Answer>(name: string, path: string, body?: unknown) => {
    setBusy(name);
    setProblem(undefined);
    try {
      return await post<Answer>(path, body);
    } catch (error) {
      setProblem(error instanceof ApiError ? error : new ApiError(0, 'unexpected', 'that did not work', null));
      return undefined;
    } finally {
      setBusy(undefined);
    }
  }, []);
  const forget = useCallback(() => setProblem(undefined), []);
  return { busy, problem, ask, forget };
}
