import { sql } from 'kysely';

/** `in` for any number of values, also none. */
export function oneOf(column: string, values: readonly string[]) {
  return sql<boolean>`${sql.ref(column)} = any(${values}::text[])`;
}
