/** The people among the accounts: invited, given a role, shut out, let in again, removed. */
import { sql } from 'kysely';
import { z } from 'zod';
import { auditLock, type AuditTrail } from '../audit/audit-trail.js';
import type { Database } from '../database/schema.js';
import { Grant, labelText, sameLabels, type Labels } from '../../model/index.js';
import { StoreError } from '../store-error.js';
import { toGrants } from './grants.js';
import { endOf } from './credentials.js';
import { atomically, type Ground } from './rows.js';

export interface Person {
  readonly name: string;
  /** What counts everywhere. */
  readonly role: string;
  readonly grants: readonly Grant[];
  readonly state: 'active' | 'disabled';
  readonly createdAt: number;
  readonly hasPassword: boolean;
  readonly hasTotp: boolean;
}

export interface PeopleRepository {
  /** Removed ones and programs are not among them. */
  list(): Promise<Person[]>;
  /** @throws StoreError `conflict` when the name, in whatever case, was ever given: the audit trail speaks of one person. */
  add(name: string, role: string, by: string): Promise<void>;
  /** A role for services with these labels, in place of the one that was there for exactly these. @throws StoreError `not-found`, `conflict` when there are too many */
  grant(name: string, grant: Grant, by: string): Promise<void>;
  /** @throws StoreError `not-found` */
  ungrant(name: string, where: Labels, by: string): Promise<void>;
  /** All four throw StoreError `not-found`, or `conflict` when no administrator would be left. */
  changeRole(name: string, role: string, by: string): Promise<void>;
  disable(name: string, by: string): Promise<void>;
  enable(name: string, by: string): Promise<void>;
  /** Ends sessions, links, tokens and credentials for good; the name stays taken. */
  remove(name: string, by: string): Promise<void>;
}

/** Changes of who is in charge come one after the other, in the order of their entries in the trail. */
const lock = auditLock;
const keeper = 'administrator';
const noPeople = ['program', 'none'];
const mostGrants = 50;

export function peopleRepository({ db, clock }: Ground, auditIn: (tx: Database) => AuditTrail): PeopleRepository {
  /** INVARIANT: where an administrator was, one is left, whoever else changes something at the same time. */
  const change = (
    name: string,
    by: string,
    action: string,
    work: (tx: Database, before: PersonRow) => Promise<Record<string, unknown> | undefined>,
  ) =>
    atomically(db, async (tx) => {
      await sql`select pg_advisory_xact_lock(${lock}::bigint)`.execute(tx);
      const before = await personIn(tx, name);
      const detail = await work(tx, before);
      if (detail === undefined) return;
      if (before.role === keeper && before.state === 'active') await someoneLeft(tx, name);
      await auditIn(tx).append({ actor: by, action, subject: name, detail });
    });
  const setState = (name: string, state: 'active' | 'disabled', by: string) =>
    change(name, by, `account.${state === 'active' ? 'enable' : 'disable'}`, async (tx, before) => {
      if (before.state === state) return undefined;
      await tx.updateTable('accounts').set({ state }).where('name', '=', name).execute();
      if (state === 'disabled') await tx.deleteFrom('sessions').where('account', '=', name).execute();
      return {};
    });
  return {
    list: async () => {
      const rows = await db
        .selectFrom('accounts')
        .leftJoin('credentials', 'credentials.account', 'accounts.name')
        .select(['name', 'role', 'grants', 'state', 'created_at', 'password', 'totp'])
        .where('state', 'in', ['active', 'disabled'])
        .where('role', 'not in', noPeople)
        .orderBy('name')
        .execute();
      return rows.map((row) => ({
        name: row.name,
        role: row.role,
        grants: toGrants(row.grants),
        state: row.state === 'active' ? 'active' : 'disabled',
        createdAt: row.created_at,
        hasPassword: row.password !== null,
        hasTotp: row.totp !== null,
      }));
    },
    add: (name, role, by) =>
      atomically(db, async (tx) => {
        await sql`select pg_advisory_xact_lock(${lock}::bigint)`.execute(tx);
        // Compared here: what PostgreSQL folds depends on the locale of its cluster.
        const names = await tx.selectFrom('accounts').select('name').execute();
        const taken = names.find((known) => folded(known.name) === folded(name));
        if (taken !== undefined) {
          throw new StoreError('conflict', `the name \`${taken.name}\` was given before`, {
            hint: 'names are never given twice: choose another one',
          });
        }
        await tx.insertInto('accounts').values({ name, role, created_at: clock.now() }).execute();
        await auditIn(tx).append({ actor: by, action: 'account.create', subject: name, detail: { role } });
      }),
    changeRole: (name, role, by) =>
      change(name, by, 'account.role', async (tx, before) => {
        if (before.role === role) return undefined;
        await tx.updateTable('accounts').set({ role }).where('name', '=', name).execute();
        return { role, before: before.role };
      }),
    grant: (name, grant, by) =>
      change(name, by, 'account.grant', async (tx, { grants }) => {
        const known = grants.find(({ where }) => sameLabels(where, grant.where));
        if (known?.role === grant.role) return undefined;
        const others = grants.filter((one) => one !== known);
        if (others.length >= mostGrants)
          throw new StoreError('conflict', `\`${name}\` has ${mostGrants} limited roles already`);
        await setGrants(tx, name, [...others, grant]);
        return { role: grant.role, where: { ...grant.where }, ...(known === undefined ? {} : { before: known.role }) };
      }),
    ungrant: (name, where, by) =>
      change(name, by, 'account.ungrant', async (tx, { grants }) => {
        const known = grants.find((one) => sameLabels(one.where, where));
        if (known === undefined)
          throw new StoreError('not-found', `\`${name}\` has no role for ${labelText(where)}`, {
            hint: 'list people with `tricordon user list`',
          });
        await setGrants(
          tx,
          name,
          grants.filter((one) => one !== known),
        );
        return { role: known.role, where: { ...where } };
      }),
    disable: (name, by) => setState(name, 'disabled', by),
    enable: (name, by) => setState(name, 'active', by),
    remove: (name, by) =>
      change(name, by, 'account.remove', async (tx, before) => {
        await tx.updateTable('accounts').set({ state: 'removed' }).where('name', '=', name).execute();
        await endOf(tx, name);
        await tx
          .updateTable('tokens')
          .set({ revoked_at: clock.now() })
          .where('account', '=', name)
          .where('revoked_at', 'is', null)
          .execute();
        return { role: before.role };
      }),
  };
}

async function setGrants(tx: Database, name: string, grants: readonly Grant[]): Promise<void> {
  await tx
    .updateTable('accounts')
    .set({ grants: JSON.stringify(z.array(Grant).parse(grants)) })
    .where('name', '=', name)
    .execute();
}

function folded(name: string): string {
  return name.normalize('NFKC').toLowerCase().normalize('NFKC');
}

interface PersonRow {
  readonly role: string;
  readonly grants: readonly Grant[];
  readonly state: string;
}

async function personIn(tx: Database, name: string): Promise<PersonRow> {
  const row = await tx
    .selectFrom('accounts')
    .select(['role', 'grants', 'state'])
    .where('name', '=', name)
    .where('state', 'in', ['active', 'disabled'])
    .where('role', 'not in', noPeople)
    .executeTakeFirst();
  if (row !== undefined) return { ...row, grants: toGrants(row.grants) };
  throw new StoreError('not-found', `there is nobody called \`${name}\``, {
    hint: 'list people with `tricordon user list`',
  });
}

async function someoneLeft(tx: Database, name: string): Promise<void> {
  const left = await tx
    .selectFrom('accounts')
    .select('name')
    .where('role', '=', keeper)
    .where('state', '=', 'active')
    .executeTakeFirst();
  if (left !== undefined) return;
  throw new StoreError('conflict', `\`${name}\` is the last administrator`, {
    hint: 'make somebody else an administrator first: tricordon user role NAME administrator',
  });
}
