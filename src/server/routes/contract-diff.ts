import { z } from 'zod';
import { diffContracts } from '../../contract/index.js';
import { ServiceName } from '../../model/index.js';
import { DiffAnswer } from '../api/contracts.js';
import type { Context } from '../context.js';
import { isLive, learnedVersion, versionOf } from '../contract-versions.js';
import { type Route, route } from '../http/route.js';
import { learnedWithin } from '../contracts.js';
import type { Beyond } from '../policy.js';
import { learningGaps } from '../learning-gaps.js';
import { noService, reachOf } from '../reach.js';
import { evidenceAnswer, evidenceOf } from '../views/clause-evidence.js';
import { diffRowsOf } from '../views/diff.js';

export const contractDiffRoutes: readonly Route<Context>[] = [
  route({
    method: 'GET',
    path: '/v1/contracts/:service/diff',
    params: z.strictObject({ service: ServiceName }),
    query: z.strictObject({
      from: z.coerce.number().int().min(0).optional(),
      to: z.union([z.literal('learned'), z.coerce.number().int().min(0)]).optional(),
    }),
    answer: DiffAnswer,
    handle: async ({ params: { service }, query, context, actor }) => {
      const active = await context.store.contracts.active(service);
      const from = query.from === undefined ? active : await versionOf(context, service, query.from);
      const [proposal] = await context.store.contracts.list({ service, state: 'proposed', limit: 1 });
      const to =
        query.to === 'learned' || (query.to === undefined && proposal === undefined)
          ? await learnedVersion(context, service)
          : query.to === undefined
            ? proposal
            : await versionOf(context, service, query.to);
      if (to === undefined) throw noService(service);
      const undecided = to.state === 'proposed' && to.origin === 'learned';
      const learned = undecided ? context.learning.proposal(service) : undefined;
      const evidence = evidenceOf(to.contract, learned);
      const readsObservations = (await reachOf(context.store, actor, 'observation.read')).has(service);
      const rows = diffRowsOf(diffContracts(from?.contract ?? null, to.contract)).map((row) => {
        // A right that goes is a clause of the older contract, whatever its id.
        const found = row.change !== 'added' || row.clause === null ? undefined : evidence.get(row.clause);
        return { ...row, evidence: found === undefined ? null : evidenceAnswer(found, readsObservations) };
      });
      const beyond =
        learned === undefined
          ? []
          : (await learnedWithin(context.store, service, learned.contract, context.clock.now())).beyond;
      const notLearned = undecided
        ? [
            ...context.learning.passedOver(service),
            ...beyond.map((one) => outside(one, evidenceOf(learned?.contract ?? to.contract, learned))),
          ]
        : [];
      return {
        service,
        from: from?.version ?? null,
        to: isLive(to) ? null : to.version,
        rows,
        notLearned,
        gaps: undecided ? await learningGaps(context, service, active) : [],
        readiness: (learned?.readiness ?? []).map((one) => ({ ...one, reasons: [...one.reasons] })),
        overflow: learned?.overflow ?? 0,
        text: [
          ...rows.map((row) => `${marks[row.change]} ${row.sentence}`),
          ...notLearned.map(({ what, why, count }) => `! not learned: ${what} (${why}; seen ${count} times)`),
        ].join('\n'),
      };
    },
  }),
];

function outside({ clause, message }: Beyond, evidence: ReturnType<typeof evidenceOf>) {
  return { what: clause, why: message, count: evidence.get(clause)?.count ?? 0 };
}

const marks = { added: '+', removed: '-', changed: '~', mode: '=' } as const;
