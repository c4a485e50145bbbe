/**
 * Retention: what the data plane decided lies apart from what was seen, and what it allowed apart from what it refused,
 * so that each is measured and goes by itself. `observed` is all of them. Rows from before stay where they are.
 */
const decisions = (table: string) => `
create table ${table} (like observations including defaults) partition by range (day);
alter table ${table} add primary key (day, id);
create table ${table}_other partition of ${table} default;
create index ${table}_cursor on ${table} (tx, seq);
create index ${table}_service on ${table} (service, at);
create index ${table}_at on ${table} (at);
`;

export const retention = `
${decisions('decisions_allowed')}
${decisions('decisions_denied')}
create view observed as
  select * from observations union all select * from decisions_allowed union all select * from decisions_denied;

create table retention_drops (
  store text not null, reason text not null, day date not null,
  from_at double precision not null, to_at double precision not null,
  rows bigint not null, bytes bigint not null, dropped_at double precision not null,
  primary key (store, reason, day)
);
create index retention_drops_span on retention_drops (to_at);

alter table evidence add column sealed_at double precision;
alter table evidence add column pinned_at double precision;
alter table evidence add column pinned_by text;
alter table evidence add column pin_reason text;
`;
