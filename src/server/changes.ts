/** Every change: one transaction, with what consoles are told of it; agents and consoles are woken when it is committed. */
import type { Repositories, Store } from '../store/index.js';
import type { IncidentDecision } from './jobs/correlation.js';
import type { RevisionBoard } from './live/revision.js';
import type { LiveStream, Topic } from './live/stream.js';

export interface Note {
  /** What agents run on changes with this transaction. */
  revise(): void;
  /** The correlator is told after the commit. */
  decide(decision: IncidentDecision): void;
  /** Committed with the change, and told to consoles after it, in the order of commit. */
  tell(topic: Topic, subject: string, change: string): void;
}

export interface Changes {
  transact<T>(work: (tx: Repositories, note: Note) => Promise<T>): Promise<T>;
}

export const revisionKey = 'revision';

export function createChanges(
  store: Store,
  board: RevisionBoard,
  live: LiveStream,
  decisions: IncidentDecision[],
): Changes {
  return {
    async transact(work) {
      let revise = false;
      const decided: IncidentDecision[] = [];
      const told: { topic: Topic; subject: string; change: string }[] = [];
      const { result, revision } = await store.transaction(async (tx) => {
        const done = await work(tx, {
          revise: () => {
            revise = true;
          },
          decide: (decision) => decided.push(decision),
          tell: (topic, subject, change) => told.push({ topic, subject, change }),
        });
        const revision = revise ? await tx.settings.next(revisionKey) : undefined;
        await tx.changes.append(told);
        return { result: done, revision };
      });
      if (revision !== undefined) board.announce(revision);
      decisions.push(...decided);
      if (told.length > 0) live.wake();
      return result;
    },
  };
}
