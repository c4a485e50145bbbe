/** What the control plane knows now, as metrics. What needs the database is left out while that does not answer. */
import { type Family, family, messageOf, roomAt } from '../../base/index.js';
import { databaseDisk } from '../config.js';
import { AgentVersion } from '../api/coverage.js';
import type { Context } from '../context.js';
import { storeRows } from '../usage.js';
import { hostRows } from '../views/coverage.js';
import { loadWorld } from '../views/load-world.js';
import { controlMetrics as metrics } from './catalogue.js';

const mostHosts = 500;

export async function collectMetrics(context: Context): Promise<Family[]> {
  const { counters, meter, readProcess, clock, certificateEnds } = context;
  return [
    ...readProcess(),
    ...meter.families(),
    family(metrics.observationsTaken, counters.taken),
    family(metrics.observationsRefused, counters.refused),
    family(metrics.observationsPending, counters.pending),
    family(metrics.observationsUndigested, counters.undigested),
    family(metrics.decisions, counters.decisions.samples()),
    family(
      metrics.certificates,
      [
        ...roots(context),
        { name: 'console', end: certificateEnds.console },
        { name: 'control-plane', end: certificateEnds.agents },
      ].map(({ name, end }) => ({ labels: { name }, value: end / 1_000 })),
    ),
    ...diskFree(context),
    ...(counters.checkpointAt === null
      ? []
      : [family(metrics.auditCheckpointAge, Math.max(0, clock.now() - counters.checkpointAt) / 1_000)]),
    family(metrics.cspViolations, counters.cspViolations),
    family(metrics.unsentMail, context.mailer.unsent()),
    ...(await fromDatabase(context)),
  ];
}

/** Two of them while the root changes. */
function roots({ authority: { roots: held } }: Context): { name: string; end: number }[] {
  const other = held.state().phase === 'announced' ? 'next-root' : 'old-root';
  return held.all().map(({ notAfter }, index) => ({ name: index === 0 ? 'root' : other, end: notAfter }));
}

async function fromDatabase(context: Context): Promise<Family[]> {
  const { store, log } = context;
  const began = performance.now();
  try {
    const head = await store.audit.head();
    const seconds = (performance.now() - began) / 1_000;
    const [world, depth, stores] = await Promise.all([loadWorld(context), store.bus.depth(), storeRows(context)]);
    const hosts = hostRows(world);
    const inState = (state: string) => world.incidents.filter((incident) => incident.state === state).length;
    return [
      family(metrics.databaseUp, 1),
      family(metrics.databaseSeconds, seconds),
      family(metrics.schema, store.schema),
      family(metrics.auditEntries, head.seq),
      family(metrics.bus, [
        { labels: { state: 'waiting' }, value: depth.waiting },
        { labels: { state: 'dead' }, value: depth.dead },
      ]),
      family(
        metrics.agents,
        ['reporting', 'silent', 'enrolled'].map((state) => ({
          labels: { state },
          value: hosts.filter((host) => host.state === state).length,
        })),
      ),
      family(
        metrics.agentVersions,
        AgentVersion.options.map((version) => ({
          labels: { version },
          value: hosts.filter((host) => host.version === version).length,
        })),
      ),
      family(metrics.glassOpen, world.glass.length),
      family(
        metrics.storeBytes,
        stores.map(({ store: name, bytes }) => ({ labels: { store: name }, value: bytes })),
      ),
      family(
        metrics.storeQuota,
        stores.flatMap(({ store: name, quota }) => (quota === null ? [] : [{ labels: { store: name }, value: quota }])),
      ),
      family(
        metrics.storeRefusing,
        stores.map(({ store: name, state }) => ({ labels: { store: name }, value: state === 'ok' ? 0 : 1 })),
      ),
      family(
        metrics.storeDropped,
        stores.flatMap(({ store: name, dropped }) =>
          dropped.map(({ reason, rows }) => ({ labels: { store: name, reason }, value: rows })),
        ),
      ),
      family(
        metrics.agentReported,
        hosts
          .slice(0, mostHosts)
          .flatMap(({ host, at }) => (at === null ? [] : [{ labels: { host }, value: at / 1_000 }])),
      ),
      family(
        metrics.observationsLost,
        hosts.reduce((sum, { lost }) => sum + lost, 0),
      ),
      family(
        metrics.incidents,
        ['open', 'contained', 'triaged'].map((state) => ({ labels: { state }, value: inState(state) })),
      ),
    ];
  } catch (error) {
    log.warn({ reason: messageOf(error) }, 'metrics without the database');
    return [family(metrics.databaseUp, 0)];
  }
}

function diskFree({ config, log }: Context): Family[] {
  const places = { evidence: config.evidenceDir, database: databaseDisk(config) };
  try {
    return [
      family(
        metrics.diskFree,
        Object.entries(places).flatMap(([store, path]) =>
          path === undefined ? [] : [{ labels: { store }, value: roomAt(path).freeBytes }],
        ),
      ),
    ];
  } catch (error) {
    log.warn({ reason: messageOf(error) }, 'metrics without the room on disk');
    return [];
  }
}
