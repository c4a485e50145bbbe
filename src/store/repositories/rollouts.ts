/** Versions on their way into force. One of a service at a time; every begin and end is audited. */
import { randomUUID } from 'node:crypto';
import type { Selectable } from 'kysely';
import { z } from 'zod';
import { RolloutCounts, RolloutFlip, RolloutStage } from '../../model/index.js';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Database, Tables } from '../database/schema.js';
import { StoreError } from '../store-error.js';
import { atomically, type Ground } from './rows.js';

export interface KeptRollout {
  readonly id: string;
  readonly service: string;
  readonly version: number;
  readonly digest: string;
  readonly stage: RolloutStage;
  /** Share of refusals, 0 to 1, beyond which it ends by itself. */
  readonly most: number;
  readonly begunBy: string;
  /** Milliseconds since the epoch. */
  readonly begunAt: number;
  readonly endedBy: string | null;
  readonly endedAt: number | null;
  readonly endedWhy: string | null;
  readonly counts: RolloutCounts;
  readonly flips: readonly RolloutFlip[];
}

export type NewRollout = Pick<KeptRollout, 'service' | 'version' | 'digest' | 'stage' | 'most'> & {
  readonly by: string;
};

export interface RolloutRepository {
  /** In place of the one that is open. */
  begin(rollout: NewRollout): Promise<KeptRollout>;
  open(service: string): Promise<KeptRollout | undefined>;
  allOpen(): Promise<KeptRollout[]>;
  /** Newest first. */
  list(service: string, limit: number): Promise<KeptRollout[]>;
  /**
   * What `change` makes of the counts of the open one, which nobody else changes meanwhile; undefined: there is none, or
   * nothing changed.
   */
  count(
    service: string,
    change: (known: KeptRollout) => Pick<KeptRollout, 'counts' | 'flips'> | undefined,
  ): Promise<KeptRollout | undefined>;
  /** False: there was none. */
  end(service: string, by: string, why: string): Promise<boolean>;
}

const zero: RolloutCounts = { compared: 0, refused: 0, passed: 0 };

export function rolloutRepository({ db, clock }: Ground, auditIn: (tx: Database) => AuditTrail): RolloutRepository {
  const openOf = (tx: Database, service: string) =>
    tx.selectFrom('rollouts').selectAll().where('service', '=', service).where('ended_at', 'is', null);

  async function end(tx: Database, service: string, by: string, why: string): Promise<boolean> {
    const row = await openOf(tx, service).forUpdate().executeTakeFirst();
    if (row === undefined) return false;
    await tx
      .updateTable('rollouts')
      .set({ ended_by: by, ended_at: clock.now(), ended_why: why })
      .where('id', '=', row.id)
      .execute();
    const detail = { why, counts: RolloutCounts.parse(row.counts) };
    await auditIn(tx).append({ actor: by, action: 'rollout.end', subject: `${service} v${row.version}`, detail });
    return true;
  }

  return {
    begin: ({ service, version, digest, stage, most, by }) =>
      atomically(db, async (tx) => {
        const found = await tx
          .selectFrom('contracts')
          .select(['digest', 'state'])
          .where('service', '=', service)
          .where('version', '=', version)
          .forUpdate()
          .executeTakeFirst();
        if (found === undefined)
          throw new StoreError('not-found', `service \`${service}\` has no contract version ${version}`);
        if (found.state !== 'proposed' || found.digest !== digest)
          throw new StoreError(
            'conflict',
            `version ${version} of \`${service}\` is ${found.state}, or not what was looked at`,
            {
              hint: 'a roll-out is for a proposed version: look at it again',
            },
          );
        await end(tx, service, by, 'another stage');
        const row = {
          id: randomUUID(),
          service,
          version,
          digest,
          stage: JSON.stringify(stage),
          most,
          begun_by: by,
          begun_at: clock.now(),
          ended_by: null,
          ended_at: null,
          ended_why: null,
          counts: JSON.stringify(zero),
          flips: '[]',
        };
        const made = await tx.insertInto('rollouts').values(row).returningAll().executeTakeFirstOrThrow();
        const detail = { digest, stage, most };
        await auditIn(tx).append({ actor: by, action: 'rollout.begin', subject: `${service} v${version}`, detail });
        return toRollout(made);
      }),
    open: async (service) => {
      const row = await openOf(db, service).executeTakeFirst();
      return row && toRollout(row);
    },
    allOpen: async () =>
      (await db.selectFrom('rollouts').selectAll().where('ended_at', 'is', null).orderBy('service').execute()).map(
        toRollout,
      ),
    list: async (service, limit) =>
      (
        await db
          .selectFrom('rollouts')
          .selectAll()
          .where('service', '=', service)
          .orderBy('begun_at', 'desc')
          .limit(limit)
          .execute()
      ).map(toRollout),
    count: (service, change) =>
      atomically(db, async (tx) => {
        const row = await openOf(tx, service).forUpdate().executeTakeFirst();
        if (row === undefined) return undefined;
        const known = toRollout(row);
        const changed = change(known);
        if (changed === undefined) return undefined;
        const { counts, flips } = changed;
        await tx
          .updateTable('rollouts')
          .set({ counts: JSON.stringify(counts), flips: JSON.stringify(flips) })
          .where('id', '=', row.id)
          .execute();
        return { ...known, counts, flips };
      }),
    end: (service, by, why) => atomically(db, (tx) => end(tx, service, by, why)),
  };
}

function toRollout(row: Selectable<Tables['rollouts']>): KeptRollout {
  return {
    id: row.id,
    service: row.service,
    version: row.version,
    digest: row.digest,
    stage: RolloutStage.parse(row.stage),
    most: row.most,
    begunBy: row.begun_by,
    begunAt: row.begun_at,
    endedBy: row.ended_by,
    endedAt: row.ended_at,
    endedWhy: row.ended_why,
    counts: RolloutCounts.parse(row.counts),
    flips: z.array(RolloutFlip).parse(row.flips),
  };
}
