/** Process entry: `node code-reader.js DIRECTORY` prints its CodeTree; started by the helper as the workload's user. */
import { messageOf } from '../../base/index.js';
import { codeTree } from '../../identity/index.js';

try {
  process.stdout.write(JSON.stringify(codeTree(process.argv[2] ?? '')));
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}
