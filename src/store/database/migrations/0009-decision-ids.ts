/** A caller that was refused has the id of the decision and nothing else. */
const index = (table: string) => `
create index ${table}_decision on ${table} ((body -> 'event' -> 'verdict' ->> 'decisionId'))
  where body -> 'event' -> 'verdict' ->> 'decisionId' is not null;
`;

export const decisionIds = `${index('decisions_allowed')}${index('decisions_denied')}`;
