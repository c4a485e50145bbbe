/** Break-glass: who opened it for what and how long; and the hash of the code that lies sealed at each host. */
export const breakGlass = `
create table glass (
  id text primary key, host text, opened_at double precision not null, until double precision not null,
  closed_at double precision, body json not null
);
create index glass_open on glass (until) where closed_at is null;
create table glass_codes (
  host text primary key, hash text not null, made_at double precision not null, made_by text not null
);
`;
