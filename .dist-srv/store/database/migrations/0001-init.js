/** The first schema. Times are milliseconds since the epoch with fractions, as everywhere in the model. */
export const init = `
create table contracts (
  service text not null, version int not null, digest text not null, state text not null,
  contract json not null, origin text not null, observed int not null,
  proposed_by text not null, proposed_at double precision not null,
  decided_by text, decided_at double precision, reason text, clean json not null,
  primary key (service, version)
);
create unique index contracts_one_approved on contracts (service) where state = 'approved';
create function contracts_are_immutable() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then raise exception 'contract versions are never deleted'; end if;
  if (old.service, old.version, old.digest, old.contract::text, old.origin, old.observed, old.proposed_by, old.proposed_at)
     is distinct from
     (new.service, new.version, new.digest, new.contract::text, new.origin, new.observed, new.proposed_by, new.proposed_at)
  then raise exception 'a contract version is never changed'; end if;
  return new;
end $$;
create trigger contracts_are_immutable before update or delete on contracts
  for each row execute function contracts_are_immutable();

create table workloads (
  id text primary key, service text not null, host text not null, state text not null,
  started_at double precision not null, ended_at double precision, body json not null
);
create index workloads_running on workloads (service) where ended_at is null;

create table services (
  name text primary key, created_at double precision not null, isolated boolean not null default false, declaration json
);

create table hosts (
  name text primary key, certificate_serial text not null, enrolled_at double precision not null,
  last_seen_at double precision not null, coverage json, sockets json not null default '[]', endpoints json not null default '[]'
);
create table enrol_tokens (
  hash text primary key, created_at double precision not null, expires_at double precision not null,
  used_at double precision, used_by text
);

create sequence observations_seq;
create table observations (
  day date not null, id text not null,
  tx bigint not null default (pg_current_xact_id()::text::bigint),
  seq bigint not null default nextval('observations_seq'),
  at double precision not null, host text not null, service text, workload text,
  layer text not null, kind text not null, body json not null,
  primary key (day, id)
) partition by range (day);
create table observations_other partition of observations default;
create index observations_cursor on observations (tx, seq);
create index observations_service on observations (service, at);
create index observations_at on observations (at);

create table signals (
  id text primary key, at double precision not null, service text, layer text not null,
  rule text not null, severity text not null, body json not null
);
create index signals_service on signals (service, at);
create index signals_at on signals (at);

create sequence incident_number;
create table incidents (
  id text primary key, state text not null, opened_at double precision not null, last_at double precision not null,
  score double precision not null, services text[] not null, body json not null
);
create index incidents_opened on incidents (opened_at);

create table actions (
  id text primary key, incident text, service text not null, host text, status text not null,
  requested_at double precision not null, body json not null
);
create index actions_incident on actions (incident);
create index actions_open on actions (host) where status in ('approved', 'running');

create table evidence (
  id text primary key, incident text, service text not null, collected_at double precision not null,
  manifest json not null, signature text not null, path text not null
);

create table accounts (name text primary key, role text not null, created_at double precision not null);
create table sessions (
  hash text primary key, account text not null references accounts, created_at double precision not null,
  expires_at double precision not null
);
create table tokens (
  hash text primary key, name text not null, account text not null references accounts, scopes json not null,
  created_at double precision not null, expires_at double precision, revoked_at double precision
);
create unique index tokens_name on tokens (name) where revoked_at is null;
create table login_links (
  hash text primary key, account text not null references accounts, created_at double precision not null,
  expires_at double precision not null, used_at double precision
);

create table settings (key text primary key, value json not null);

create table audit (
  seq bigint primary key, at double precision not null, actor text not null, action text not null,
  subject text not null, detail json not null, previous text not null, hash text not null
);
create function audit_is_append_only() returns trigger language plpgsql as $$
begin raise exception 'the audit trail is append-only'; end $$;
create trigger audit_rows before update or delete on audit for each row execute function audit_is_append_only();
create trigger audit_table before truncate on audit for each statement execute function audit_is_append_only();

create table bus_groups (topic text not null, "group" text not null, primary key (topic, "group"));
create table bus_messages (
  id bigserial primary key, topic text not null, "group" text not null, body json not null,
  attempts int not null default 0, due timestamptz not null default now(), holder text,
  dead boolean not null default false, error text
);
create index bus_due on bus_messages (topic, "group", id) where not dead;
`;
