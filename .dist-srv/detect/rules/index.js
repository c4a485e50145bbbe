/** Every detection rule. Adding one: its file, and its line here; docs and tests follow from the definition. */
import { credentialRead } from './credential-read.js';
import { deniedSyscall } from './denied-syscall.js';
import { discoveryTool } from './discovery-tool.js';
import { driftedProgram } from './drifted-program.js';
import { droppedProgram } from './dropped-program.js';
import { engineSocket } from './engine-socket.js';
import { metadataAddress } from './metadata-address.js';
import { pathEnumeration } from './path-enumeration.js';
import { persistenceWrite } from './persistence-write.js';
import { reverseShell } from './reverse-shell.js';
import { shellStarted } from './shell-started.js';
import { transferTool } from './transfer-tool.js';
export const detectionRules = [
    shellStarted,
    transferTool,
    driftedProgram,
    discoveryTool,
    credentialRead,
    reverseShell,
    deniedSyscall,
    persistenceWrite,
    engineSocket,
    droppedProgram,
    metadataAddress,
    pathEnumeration,
];
