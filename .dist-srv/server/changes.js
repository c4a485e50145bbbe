export const revisionKey = 'revision';
export function createChanges(store, board, live, decisions) {
    return {
        async transact(work) {
            let revise = false;
            const decided = [];
            const told = [];
            const { result, revision } = await store.transaction(async (tx) => {
                const done = await work(tx, {
                    revise: () => {
                        revise = true;
                    },
                    decide: (decision) => decided.push(decision),
                    tell: (topic, subject, change) => told.push([topic, subject, change]),
                });
                return { result: done, revision: revise ? await tx.settings.next(revisionKey) : undefined };
            });
            if (revision !== undefined)
                board.announce(revision);
            decisions.push(...decided);
            for (const [topic, subject, change] of told)
                live.publish(topic, subject, change);
            return result;
        },
    };
}
