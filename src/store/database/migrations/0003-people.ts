/** People: names of tokens are each account's own. */
export const people = `
drop index tokens_name;
create unique index tokens_name on tokens (account, name) where revoked_at is null;
`;
