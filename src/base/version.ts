import { readFileSync } from 'node:fs';

/** As in package.json, which lies beside `dist` wherever the program was put. */
export const version = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
).version;
