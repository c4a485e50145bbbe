/** Labels of services, and what counts only for services that have certain labels: roles, tokens. */
export const limits = `
alter table services add column labels json not null default '{}';
alter table accounts add column grants json not null default '[]';
alter table tokens add column within json not null default '{}';
`;
