import { z } from 'zod';
import { contractDigest } from '../../contract/index.js';
import { type ContractVersion, ServiceName } from '../../model/index.js';
import { ReviewAnswer } from '../api/contract-review.js';
import type { Context } from '../context.js';
import { isLive, learnedVersion } from '../contract-versions.js';
import { type Route, route } from '../http/route.js';
import { learningGaps } from '../learning-gaps.js';
import { noService, reachOf } from '../reach.js';
import { evidenceAnswer, evidenceOf } from '../views/clause-evidence.js';
import { clauseRows, sectionRows } from '../views/clause-sides.js';
import { versionRow } from '../views/contract-version.js';

export const contractReviewRoutes: readonly Route<Context>[] = [
  route({
    method: 'GET',
    path: '/v1/contracts/:service/review',
    params: z.strictObject({ service: ServiceName }),
    answer: ReviewAnswer,
    handle: async ({ params: { service }, context, actor }) => {
      const { store, learning } = context;
      const versions = await store.contracts.list({ service, limit: 10_000 });
      if (versions.length === 0) throw noService(service);
      const approved = versions.find(({ state }) => state === 'approved');
      const proposal = versions.find(({ state }) => state === 'proposed');
      const declared = versions.find(({ origin, state }) => origin === 'declared' && state !== 'rejected');
      const now = learning.proposal(service);
      const live = now === undefined ? undefined : await learnedVersion(context, service);
      const learned = proposal?.origin === 'learned' ? proposal : live;
      const candidate = proposal ?? live;
      const undecided = candidate?.origin === 'learned';
      const sides = {
        declared: declared?.contract ?? null,
        learned: learned?.contract ?? null,
        approved: approved?.contract ?? null,
        candidate: candidate?.contract ?? null,
      };
      const evidence = candidate === undefined ? new Map() : evidenceOf(candidate.contract, now);
      const readsObservations = (await reachOf(store, actor, 'observation.read')).has(service);
      return {
        service,
        declared: side(declared),
        learned: side(learned),
        approved: side(approved),
        candidate: side(candidate),
        proposal: proposal === undefined ? null : versionRow(proposal),
        learnedOn: proposal?.origin === 'learned' && now !== undefined && differs(proposal, now.contract),
        sections: sectionRows(sides),
        clauses: clauseRows(sides).map((row) => {
          const found = row.candidate === null ? undefined : evidence.get(row.candidate.clause);
          return { ...row, evidence: found === undefined ? null : evidenceAnswer(found, readsObservations) };
        }),
        notLearned: undecided ? [...learning.passedOver(service)] : [],
        gaps: undecided ? await learningGaps(context, service, approved) : [],
        overflow: undecided ? (now?.overflow ?? 0) : 0,
        history: versions.slice(0, 200).map(versionRow),
      };
    },
  }),
];

function side(version: ContractVersion | undefined): z.infer<typeof ReviewAnswer>['approved'] {
  if (version === undefined) return null;
  return { version: isLive(version) ? null : version.version, digest: version.digest, mode: version.contract.mode };
}

/** Modes are chosen when it is proposed, so they do not count. */
function differs(proposal: ContractVersion, learned: ContractVersion['contract']): boolean {
  return contractDigest({ ...learned, mode: proposal.contract.mode }) !== proposal.digest;
}
