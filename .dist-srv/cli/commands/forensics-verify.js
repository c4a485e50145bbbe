import { readFileSync, statSync } from 'node:fs';
import { verifyBundle } from '../../respond/index.js';
import { openApi, readAccess } from '../api.js';
import { CliError, exitCode, text } from '../command.js';
import { locate } from '../installation.js';
/** Exit 2 if anything is missing, changed, added or not signed. */
export const command = async (invocation) => {
    const { output } = invocation;
    const bundle = invocation.arguments[0] ?? '';
    const { dataDir } = locate(invocation);
    if (!isDirectory(bundle)) {
        const { evidence } = await openApi(readAccess(dataDir)).get(`/v1/evidence/${encodeURIComponent(bundle)}`);
        const ok = evidence.verified === 'ok';
        output.result({ schemaVersion: 1, id: evidence.id, ok, problems: evidence.problems }, () => sentence(evidence.id, ok, evidence.problems, evidence.files));
        return ok ? exitCode.done : exitCode.found;
    }
    const key = text(invocation, 'key');
    const pem = key === undefined
        ? (await openApi(readAccess(dataDir)).get('/v1/evidence-key')).publicKey
        : readKey(key);
    const verdict = await verifyBundle(bundle, pem);
    const problems = verdict.problems.map((problem) => `${problem.path}: ${problem.message}`);
    output.result({ schemaVersion: 1, id: verdict.manifest?.id ?? null, ok: verdict.ok, problems }, () => sentence(bundle, verdict.ok, problems, verdict.manifest?.files.length ?? 0));
    return verdict.ok ? exitCode.done : exitCode.found;
};
function sentence(name, ok, problems, files) {
    return ok
        ? `${name}: signed, ${files} files unchanged`
        : [`${name}: NOT as it was collected`, ...problems.map((problem) => `  ${problem}`)].join('\n');
}
function isDirectory(path) {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
function readKey(path) {
    try {
        return readFileSync(path, 'utf8');
    }
    catch (error) {
        throw new CliError('usage', `cannot read the key \`${path}\``, { cause: error, hint: 'give a public key in PEM' });
    }
}
