import { once } from 'node:events';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { exposition, readMetricsText, silent } from '../../base/index.js';
import type { Observation } from '../../model/index.js';
import type { AgentStatus } from '../local-protocol.js';
import { agentFamilies } from './collect.js';
import { serveMetrics } from './listener.js';
import { observationMeter } from './observation-meter.js';

const status: AgentStatus = {
  host: 'web1',
  pid: 4,
  identity: null,
  controlReachable: true,
  rung: 'netns',
  workloads: ['a', 'b'].map((id) => ({ id, service: 'shop', state: 'running', ready: true, pid: 9, published: null })),
  planes: [{ service: 'gateway', pid: 5, revision: 1 }],
  sight: { by: 'bpf', since: null },
  spool: { pending: 2, lost: 7, full: false, bytes: 0, maxBytes: 1, dropped: 0, pinnedBytes: 0, pinsRefused: 0 },
  disk: 'normal',
  glass: [],
  versionApart: null,
};

function aRequest(effect: 'allow' | 'deny', durationMs?: number): Observation {
  const verdict = { effect, contract: 'shop', version: 1, clause: null, reason: 'allowed' };
  return {
    id: 'web1:b:1',
    at: 1,
    host: 'web1',
    layer: 'api',
    service: 'shop',
    workload: 'w',
    identity: null,
    source: 'sidecar',
    join: {},
    event: {
      kind: 'request',
      direction: 'in',
      method: 'GET',
      path: '/',
      verdict,
      ...(durationMs === undefined ? {} : { durationMs }),
    },
  };
}

test('says what the agent knows of its host', () => {
  const facts = { status, spool: { directory: '/', bytes: 10 }, certificateEnd: 5_000 };
  const families = readMetricsText(exposition(agentFamilies(facts), 'prometheus'));
  const values = Object.fromEntries(families.map(({ name, samples }) => [name, samples[0]]));
  expect(values['tricordon_agent_workloads']).toMatchObject({
    labels: { service: 'shop', state: 'running' },
    value: 2,
  });
  expect(values['tricordon_agent_runtime_watched']).toMatchObject({ labels: { by: 'bpf' }, value: 0 });
  expect(values['tricordon_spool_observations_lost']?.value).toBe(7);
  expect(values['tricordon_certificate_not_after_seconds']?.value).toBe(5);
});

test('counts requests, refusals and their time by service', () => {
  const meter = observationMeter();
  meter.count([aRequest('allow', 30), aRequest('deny', 1), aRequest('deny')]);
  const text = exposition(meter.families(), 'prometheus');
  expect(text).toContain('tricordon_plane_requests_total{service="shop",direction="in",effect="deny"} 2\n');
  expect(text).toContain('tricordon_plane_request_duration_seconds_count{service="shop",direction="in"} 2\n');
  expect(text).toContain(
    'tricordon_plane_request_duration_seconds_bucket{service="shop",direction="in",le="0.025"} 1\n',
  );
});

test('the listener answers one path, and no page of a browser that came by another name', async () => {
  const server = serveMetrics({ address: '127.0.0.1', port: 0 }, () => observationMeter().families(), silent);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ask = (path: string, method = 'GET', host = '127.0.0.1') =>
    new Promise<number>((resolve, reject) => {
      const sent = request({ port, host: '127.0.0.1', path, method, headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      sent.on('error', reject).end();
    });
  expect(await ask('/metrics')).toBe(200);
  expect(await ask('/metrics', 'GET', `localhost:${port}`)).toBe(200);
  expect(await ask('/status')).toBe(404);
  expect(await ask('/metrics', 'POST')).toBe(404);
  expect(await ask('/metrics', 'GET', 'evil.example')).toBe(421);
  server.close();
});
