export {
  type CodeFile,
  type CodeFlaw,
  codeDifference,
  codeFlaws,
  type CodeTree,
  codeTree,
  wholeDigest,
} from './code-tree.js';
export { dockerAttestation } from './docker.js';
export { type DockerEngine, dockerEngine } from './docker-engine.js';
export { type EntryFile, entryFile } from './entry-file.js';
