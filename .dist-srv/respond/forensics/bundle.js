import { createHash } from 'node:crypto';
import { createReadStream, lstatSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf, messageOf, printable } from '../../base/index.js';
import { RespondError } from '../errors.js';
/**
 * Collects into a fresh folder and writes `manifest.json` last. Without `manifest.sig` (see `signManifest`) a bundle proves
 * nothing and `verifyBundle` says so.
 *
 * @throws RespondError `bundle-exists`, `bundle-path`
 */
export async function collectBundle(input) {
    for (const source of input.sources)
        checkName(source.path);
    try {
        mkdirSync(dirname(input.directory), { recursive: true, mode: 0o700 });
        mkdirSync(input.directory, { mode: 0o700 });
    }
    catch (cause) {
        if (codeOf(cause) !== 'EEXIST')
            throw cause;
        throw new RespondError('bundle-exists', `\`${input.directory}\` is there already`, { cause });
    }
    const missing = [...(input.missing ?? [])];
    const files = [];
    const limit = input.maxBytes ?? 64 << 20;
    for (const source of input.sources) {
        const file = join(input.directory, source.path);
        try {
            mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
            const cut = await write(file, await source.gather(file), limit);
            if (cut)
                missing.push({ what: source.what, reason: `only the first ${limit} bytes were kept` });
            const { bytes, sha256 } = await hashOf(file);
            files.push({ path: source.path, bytes, sha256, what: source.what });
        }
        catch (error) {
            rmSync(file, { force: true });
            missing.push({ what: source.what, reason: printable(messageOf(error), 500) });
        }
    }
    const manifest = {
        schemaVersion: 1,
        kind: 'evidence-bundle',
        ...input.about,
        collectedAt: input.clock.now(),
        missing,
        files,
    };
    writeFileSync(join(input.directory, 'manifest.json'), manifestText(manifest), { mode: 0o600, flag: 'wx' });
    return manifest;
}
/** The exact bytes that are signed. */
export function manifestText(manifest) {
    return `${JSON.stringify(manifest, null, 2)}\n`;
}
/** @param sign the control plane's signature over the bytes of `manifest.json`, base64 */
export async function signManifest(directory, manifest, sign) {
    const signature = await sign(Buffer.from(manifestText(manifest)));
    writeFileSync(join(directory, 'manifest.sig'), `${signature}\n`, { mode: 0o600, flag: 'wx' });
}
export async function hashOf(file) {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of createReadStream(file)) {
        if (!Buffer.isBuffer(chunk))
            continue;
        hash.update(chunk);
        bytes += chunk.length;
    }
    return { bytes, sha256: `sha256:${hash.digest('hex')}` };
}
/** Relative, of plain parts: what is in a bundle never leads out of it. */
export function isBundleName(path) {
    return (path.length <= 512 &&
        path.split('/').every((part) => /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(part)) &&
        path !== 'manifest.json' &&
        path !== 'manifest.sig');
}
function checkName(path) {
    if (isBundleName(path))
        return;
    throw new RespondError('bundle-path', `\`${printable(path)}\` cannot be a file of a bundle`);
}
async function write(file, content, limit) {
    if (content === 'written') {
        const inside = realpathSync(dirname(file)) === dirname(file) || lstatSync(file).isFile();
        if (!inside || !lstatSync(file).isFile())
            throw new Error('the collector wrote no plain file');
        return false;
    }
    if (typeof content === 'string' || content instanceof Uint8Array) {
        const bytes = typeof content === 'string' ? Buffer.from(content) : content;
        writeFileSync(file, bytes.subarray(0, limit), { mode: 0o600, flag: 'wx' });
        return bytes.length > limit;
    }
    writeFileSync(file, '', { mode: 0o600, flag: 'wx' });
    let size = 0;
    for await (const row of content) {
        const line = Buffer.from(`${JSON.stringify(row)}\n`);
        size += line.length;
        if (size > limit)
            return true;
        writeFileSync(file, line, { flag: 'a' });
    }
    return false;
}
