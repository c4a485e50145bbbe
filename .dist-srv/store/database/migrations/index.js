import { init } from './0001-init.js';
/** Forward only: a number is given once and its text never changes after a release. */
export const migrations = [
    { number: 1, name: 'init', sql: init },
];
