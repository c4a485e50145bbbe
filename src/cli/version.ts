export { version } from '../base/index.js';
