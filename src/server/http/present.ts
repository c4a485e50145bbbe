/** Without the keys that were not given (`exactOptionalPropertyTypes`). */
export function present<T extends object>(given: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>;
  }; // `Object.fromEntries` forgets the keys it was given
}
