/**
 * The console's files. They are read once at start into a closed table, so that no request ever becomes a path: there is
 * nothing to traverse.
 */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
const types = {
    '.html': 'text/html; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.css': 'text/css; charset=utf-8',
    '.svg': 'image/svg+xml',
    '.png': 'image/png',
    '.ico': 'image/x-icon',
    '.json': 'application/json',
    '.webmanifest': 'application/manifest+json',
    '.woff2': 'font/woff2',
    '.txt': 'text/plain; charset=utf-8',
};
/** URL path -> file. Symbolic links, unknown types and files over 8 MiB are left out. Empty when there is no build. */
export function loadStaticFiles(directory) {
    const files = new Map();
    walk(directory, '');
    return files;
    function walk(folder, url) {
        let names;
        try {
            names = readdirSync(folder);
        }
        catch {
            return;
        }
        for (const name of names) {
            const path = join(folder, name);
            const stat = lstatSync(path);
            if (stat.isDirectory())
                walk(path, `${url}/${name}`);
            const type = types[extname(name)];
            if (!stat.isFile() || type === undefined || stat.size > 8 << 20)
                continue;
            const body = readFileSync(path);
            const gzip = body.length > 1_024 && !/png|woff2|icon/.test(type) ? gzipSync(body, { level: 9 }) : undefined;
            files.set(`${url}/${name}`, {
                body,
                gzip,
                type,
                etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
                immutable: url.startsWith('/assets') && /[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+$/.test(name),
            });
        }
    }
}
