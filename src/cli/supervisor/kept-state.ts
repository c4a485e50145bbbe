/** The state file of a supervisor that must not end because it cannot be written now. */
import { isDiskFull } from '../../base/index.js';
import { type StateFile, writeState } from '../state-file.js';

export interface KeptState {
  /** Throws where it never was written: nothing runs yet, and nothing must start that `down` could not find. */
  save(): void;
  /** Nothing is written from now on. */
  end(): void;
}

export interface KeptStateOptions {
  readonly dataDir: string;
  readonly current: () => StateFile;
  readonly say: (line: string) => void;
  readonly write?: typeof writeState;
  readonly retryMs?: number;
}

export function keepState(options: KeptStateOptions): KeptState {
  const { dataDir, current, say, write = writeState, retryMs = 1_000 } = options;
  let written = false;
  let ended = false;
  let later: NodeJS.Timeout | undefined;

  function save(): void {
    if (ended) return;
    try {
      write(dataDir, current());
      written = true;
    } catch (error) {
      if (!written || !isDiskFull(error)) throw error;
      if (later !== undefined) return;
      say(`no space left in \`${dataDir}\`: what runs is noted as soon as there is room`);
      again();
    }
  }

  function again(): void {
    later = setTimeout(() => {
      if (ended) return;
      try {
        write(dataDir, current());
        later = undefined;
      } catch (error) {
        if (!isDiskFull(error)) throw error;
        again();
      }
    }, retryMs);
    later.unref();
  }

  return {
    save,
    end: () => {
      ended = true;
      clearTimeout(later);
    },
  };
}
