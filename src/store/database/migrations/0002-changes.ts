/** What consoles are told: numbered in the order of commit, so that a stream can be resumed. */
export const changes = `
create table changes (
  seq bigint primary key, at double precision not null, topic text not null, subject text not null, change text not null
);
`;
