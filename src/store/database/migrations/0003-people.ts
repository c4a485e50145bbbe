/** People: what they sign in with, where they did, and the end of an account, whose name stays taken. */
export const people = `
alter table accounts add column state text not null default 'active';
create table credentials (
  account text primary key references accounts, password text, totp text, totp_step int, totp_pending text
);
create table recovery_codes (
  account text not null references accounts, hash text not null, used_at double precision, primary key (account, hash)
);
create table login_sources (
  account text not null references accounts, source text not null, last_at double precision not null,
  primary key (account, source)
);
alter table sessions add column source text;
alter table tokens add column last_used_at double precision;
drop index tokens_name;
create unique index tokens_name on tokens (account, name) where revoked_at is null;
`;
