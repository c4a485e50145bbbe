/** Counts what the listeners answer. Labels are of our own route tables: no path that somebody made up becomes one. */
import type { FastifyInstance } from 'fastify';
import { durations, type Family, tally } from '../../base/index.js';
import { routeKey } from '../http/app.js';
import { controlMetrics } from './catalogue.js';

/** Open for as long as the other side wants: their time says nothing of us. */
const waits: ReadonlySet<string> = new Set(['GET /v1/stream', 'GET /agent/v1/state']);

export interface RequestMeter {
  watch(app: FastifyInstance, listener: 'console' | 'agents'): void;
  families(): Family[];
}

export function requestMeter(): RequestMeter {
  const answered = tally();
  const took = durations();
  return {
    watch: (app, listener) => {
      app.addHook('onResponse', (request, reply, done) => {
        const route = request.is404 ? 'none' : routeKey(request);
        answered.add({ listener, route, status: String(reply.statusCode) });
        if (!waits.has(route)) took.add({ listener }, reply.elapsedTime / 1_000);
        done();
      });
    },
    families: () => [
      { metric: controlMetrics.requests, samples: answered.samples() },
      { metric: controlMetrics.requestSeconds, distributions: took.distributions() },
    ],
  };
}
