/** One route: what comes in is parsed, what goes out is parsed again, so that nothing undeclared leaves. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Actor } from '../auth/access.js';
import { ServerError } from '../errors.js';
import { bodyBytes } from './app.js';

export interface Call<P, Q, B, C> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly context: C;
  /** Whoever is signed in; `anonymous` only on routes that `access.ts` opens to everyone. */
  readonly actor: Actor;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

export interface RouteDefinition<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  A extends z.ZodType,
  C,
> {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Absent: the handler answers by itself (streams, files). */
  readonly answer?: A;
  /** Bytes; default 64 KiB. */
  readonly bodyLimit?: number;
  handle(call: Call<z.infer<P>, z.infer<Q>, z.infer<B>, C>): Promise<z.input<A> | undefined>;
}

/** A route of any shape, ready to be put onto a listener. */
export interface Route<C> {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  register(app: FastifyInstance, context: C, actorOf: (request: FastifyRequest) => Actor): void;
}

export function route<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType, C>(
  definition: RouteDefinition<P, Q, B, A, C>,
): Route<C> {
  const { method, path, params, query, body, answer } = definition;
  return {
    method,
    path,
    register: (app, context, actorOf) => {
      app.route({
        method,
        url: path,
        exposeHeadRoute: false,
        bodyLimit: definition.bodyLimit ?? bodyBytes,
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
          } as Call<z.infer<P>, z.infer<Q>, z.infer<B>, C>); // absent schemas leave `undefined`, which their types say too
          if (answer === undefined) return reply;
          void reply.header('cache-control', 'no-store');
          return answer.parse(given);
        },
      });
    },
  };
}
