import { Workload } from '../../model/index.js';
import { oneOf } from './one-of.js';
import { type Ground, limitOf, type Page } from './rows.js';

export interface WorkloadRepository {
  /** Inserts or replaces; idempotent on the id. An ended workload is never brought back to life. */
  save(workload: Workload): Promise<void>;
  /** Marks it stopped; false when it is unknown or was already ended. */
  end(id: string, at: number): Promise<boolean>;
  get(id: string): Promise<Workload | undefined>;
  list(
    filter?: Page & {
      readonly service?: string;
      /** One of these. */
      readonly services?: readonly string[] | undefined;
      readonly host?: string;
      readonly running?: boolean;
    },
  ): Promise<Workload[]>;
}

export function workloadRepository({ db }: Ground): WorkloadRepository {
  const get = async (id: string) => {
    const row = await db.selectFrom('workloads').select('body').where('id', '=', id).executeTakeFirst();
    return row && Workload.parse(row.body);
  };
  const save = async (workload: Workload) => {
    const columns = {
      service: workload.service,
      host: workload.host,
      state: workload.state,
      started_at: workload.startedAt,
      ended_at: workload.endedAt,
      body: JSON.stringify(workload),
    };
    await db
      .insertInto('workloads')
      .values({ id: workload.id, ...columns })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(columns).where('workloads.ended_at', 'is', null))
      .execute();
  };
  return {
    save,
    get,
    end: async (id, at) => {
      const workload = await get(id);
      if (workload === undefined || workload.endedAt !== null) return false;
      await save({ ...workload, state: 'stopped', endedAt: at });
      return true;
    },
    list: async (filter = {}) => {
      let query = db
        .selectFrom('workloads')
        .select('body')
        .orderBy('started_at', 'desc')
        .orderBy('id')
        .limit(limitOf(filter));
      if (filter.service !== undefined) query = query.where('service', '=', filter.service);
      if (filter.services !== undefined) query = query.where(oneOf('service', filter.services));
      if (filter.host !== undefined) query = query.where('host', '=', filter.host);
      if (filter.running !== undefined) query = query.where('ended_at', filter.running ? 'is' : 'is not', null);
      return (await query.execute()).map((row) => Workload.parse(row.body));
    },
  };
}
