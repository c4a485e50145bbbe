/** Versions on their way into force, one open one for a service, with what was counted while they decided beside. */
export const rollouts = `
create table rollouts (
  id text primary key,
  service text not null, version integer not null, digest text not null,
  stage json not null, most double precision not null,
  begun_by text not null, begun_at double precision not null,
  ended_by text, ended_at double precision, ended_why text,
  counts json not null, flips json not null
);
create unique index rollouts_open on rollouts (service) where ended_at is null;
create index rollouts_of on rollouts (service, begun_at);
`;
