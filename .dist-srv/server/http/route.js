import { ServerError } from '../errors.js';
export function route(definition) {
    const { method, path, params, query, body, answer } = definition;
    return {
        method,
        path,
        register: (app, context, actorOf) => {
            app.route({
                method,
                url: path,
                exposeHeadRoute: false,
                bodyLimit: definition.bodyLimit ?? 64 << 10,
                handler: async (request, reply) => {
                    if (body !== undefined && request.body === undefined)
                        throw new ServerError('invalid', 'a JSON body is missing');
                    const given = await definition.handle({
                        params: params === undefined ? undefined : params.parse(request.params),
                        query: query === undefined ? undefined : query.parse(request.query),
                        body: body === undefined ? undefined : body.parse(request.body),
                        context,
                        actor: actorOf(request),
                        request,
                        reply,
                    }); // absent schemas leave `undefined`, which their types say too
                    if (answer === undefined)
                        return reply;
                    void reply.header('cache-control', 'no-store');
                    return answer.parse(given);
                },
            });
        },
    };
}
