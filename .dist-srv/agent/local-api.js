/** The agent's own socket: bounded requests, closed list of paths, 0600 in a directory that only the operator enters. */
import { createServer } from 'node:http';
import { chmodSync, rmSync } from 'node:fs';
import { messageOf, TricordonError } from '../base/index.js';
import { AgentError } from './errors.js';
import { Ended, OrderResult, Started, WorkloadRequest } from './local-protocol.js';
export async function serveLocalApi(options) {
    const server = createServer({ maxHeaderSize: 8_192 }, (request, response) => {
        handle(options, request, response).catch((error) => {
            options.log.warn({ error: messageOf(error), path: request.url }, 'local request failed');
            if (response.headersSent)
                response.destroy();
            else
                answer(response, 400, problem(error));
        });
    });
    server.headersTimeout = 10_000;
    server.maxConnections = 256;
    rmSync(options.socketPath, { force: true });
    await new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(options.socketPath, resolve);
    });
    chmodSync(options.socketPath, 0o600);
    return server;
}
async function handle(options, request, response) {
    const { workloads } = options;
    const route = `${request.method} ${request.url ?? ''}`;
    if (route === 'GET /status')
        return answer(response, 200, options.status());
    if (route === 'POST /workloads')
        return answer(response, 200, await workloads.prepare(WorkloadRequest.parse(await body(request))));
    const match = /^(GET|POST) \/workloads\/([a-z0-9-]{1,160})\/(started|ended|orders)(?:\/([a-z0-9-]{1,64}))?$/.exec(route);
    const [, method, id = '', what, order] = match ?? [];
    if (what === 'started')
        return answer(response, 200, await workloads.started(id, Started.parse(await body(request))));
    if (what === 'ended') {
        await workloads.ended(id, Ended.parse(await body(request)).status);
        return answer(response, 200, {});
    }
    if (what === 'orders' && method === 'GET')
        return follow(workloads, id, request, response);
    if (what === 'orders' && order !== undefined) {
        workloads.ordered(id, order, OrderResult.parse(await body(request)));
        return answer(response, 200, {});
    }
    throw new AgentError('request-refused', 'there is no such path');
}
function follow(workloads, id, request, response) {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.write('\n');
    const stop = workloads.onOrder(id, (order) => response.write(`${JSON.stringify(order)}\n`));
    request.on('close', stop);
    response.on('close', stop);
}
async function body(request) {
    const chunks = [];
    let size = 0;
    for await (const chunk of request) {
        size += chunk.length;
        if (size > 1 << 20)
            throw new AgentError('request-refused', 'the request is larger than 1 MiB');
        chunks.push(chunk);
    }
    return size === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString('utf8'));
}
function problem(error) {
    const known = error instanceof TricordonError;
    return {
        code: known ? error.code : 'request-refused',
        detail: messageOf(error),
        hint: known ? (error.hint ?? null) : null,
    };
}
function answer(response, status, value) {
    const payload = JSON.stringify(value);
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) });
    response.end(payload);
}
