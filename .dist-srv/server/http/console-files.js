import { ServerError } from '../errors.js';
import { loadStaticFiles } from './static-files.js';
export function registerConsole(app, directory) {
    const files = directory === null ? new Map() : loadStaticFiles(directory);
    app.get('/*', { exposeHeadRoute: false }, (request, reply) => {
        const path = request.url.split('?')[0] ?? '/';
        const file = files.get(path);
        if (file !== undefined)
            return send(request, reply, file);
        // What looks like a file or an API call is no view: an honest 404 instead of a page.
        const isView = !path.startsWith('/v1/') && !path.startsWith('/assets/') && !/\.[a-z0-9]+$/i.test(path);
        const page = files.get('/index.html');
        if (page === undefined || !isView) {
            throw new ServerError('not-found', 'there is nothing here', page === undefined ? { hint: 'the console is not built' } : {});
        }
        return send(request, reply, page);
    });
}
function send(request, reply, file) {
    void reply
        .header('etag', file.etag)
        .header('vary', 'accept-encoding')
        .header('cache-control', file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache')
        .type(file.type);
    if (request.headers['if-none-match'] === file.etag)
        return reply.code(304).send();
    const zipped = file.gzip !== undefined && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
    return zipped ? reply.header('content-encoding', 'gzip').send(file.gzip) : reply.send(file.body);
}
