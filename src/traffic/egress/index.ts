export { type Declared, directOut, type Outside } from './direct.js';
export { type Lookup, NameBook } from './name-book.js';
export { dnsPort, resolveFor } from './resolver.js';
