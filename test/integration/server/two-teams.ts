/** Two teams that share a control plane, each with a service and everything that can be known of one. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EvidenceManifest, Incident } from '../../../src/model/index.js';
import { manifestText } from '../../../src/respond/index.js';
import { systemClock } from '../../../src/base/index.js';
import { observation, type Plane } from './harness.js';

/** What there is of one team, by id. */
export interface Traces {
  readonly service: string;
  readonly incident: string;
  readonly evidence: string;
  readonly glass: string;
  readonly action: string;
  /** Words that stand nowhere else. */
  readonly secrets: readonly string[];
}

export async function twoTeams(plane: Plane): Promise<{ shop: Traces; bank: Traces }> {
  return { shop: await team(plane, 'shop', 'orders-2f6c', 901), bank: await team(plane, 'bank', 'ledger-91d4', 902) };
}

async function team(plane: Plane, name: string, service: string, number: number): Promise<Traces> {
  const { store } = plane;
  await plane.call('POST', '/v1/services', { body: { service, labels: { team: name } } });
  const agent = await plane.agent(`${name}-host`);
  const workload = await agent.workload(service);
  const word = `${name}-word-5e11`;
  const seen = observation(workload, agent.host, { kind: 'exec', path: `/opt/${word}`, args: [] });
  await store.observations.insert([seen]);
  const now = systemClock.now();
  const incident = `INC-${number}`;
  await store.incidents.save(story(incident, service, word, now));
  const evidence = `ev-${name}-1`;
  const manifest: EvidenceManifest = {
    schemaVersion: 1,
    kind: 'evidence-bundle',
    id: evidence,
    incident,
    service,
    workload: workload.id,
    host: agent.host,
    collectedAt: now,
    collectedBy: word,
    missing: [],
    files: [],
  };
  const path = join(plane.directory, evidence);
  mkdirSync(path);
  writeFileSync(join(path, 'manifest.json'), manifestText(manifest));
  writeFileSync(join(path, 'manifest.sig'), 'c2ln\n');
  await store.evidence.insert({ manifest, signature: 'c2ln', path });
  const planned = await plane.call('POST', '/v1/actions/plan', { body: { service, kinds: ['pause'] } });
  const glass = await plane.call('POST', '/v1/glass', {
    body: { services: [service], minutes: 240, reason: `because of ${word}` },
  });
  return {
    service,
    incident,
    evidence,
    glass: glass.json.id,
    action: planned.json.actions[0].id,
    secrets: [word, workload.id, agent.host, incident, evidence, glass.json.id, planned.json.actions[0].id],
  };
}

function story(id: string, service: string, word: string, at: number): Incident {
  return {
    id,
    state: 'triaged',
    severity: 'high',
    title: `${word} in ${service}`,
    score: 50,
    openedAt: at,
    firstAt: at,
    lastAt: at,
    containedAt: null,
    layers: ['runtime'],
    tactics: [],
    services: [service],
    signals: [],
    links: [],
  };
}
