/** Bases and bounds, each put once and never changed; and of a contract what its writer wrote, before bases were joined to it. */
export const policy = `
create table bases (
  name text not null, version integer not null, digest text not null, document json not null,
  put_by text not null, put_at double precision not null,
  primary key (name, version)
);
create table bounds (
  name text not null, number integer not null, digest text not null, document json not null,
  put_by text not null, put_at double precision not null,
  ended_by text, ended_at double precision,
  primary key (name, number)
);
create unique index bounds_standing on bounds (name) where ended_at is null;
alter table contracts add column written json;
`;
