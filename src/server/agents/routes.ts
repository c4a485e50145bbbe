/** `/agent/v1`: every handler is idempotent; what was answered 2xx is committed. */
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { EvidenceManifest } from '../../model/index.js';
import { takeResult } from '../actions.js';
import type { Context } from '../context.js';
import { sealEvidence } from '../evidence/seal.js';
import { EvidenceId, EvidencePath, openVault } from '../evidence/vault.js';
import { type Route, route } from '../http/route.js';
import { enrol, renew } from './enrolment.js';
import { takeObservations, workloadDirectory } from './observations.js';
import { type Asking, checkSerial } from './peer.js';
import {
  ActionResult,
  agentLimits,
  Done,
  EndedRequest,
  EnrolRequest,
  EvidenceSealed,
  Issued,
  ObservationsAnswer,
  ObservationsRequest,
  RenewRequest,
  ReportRequest,
  SpoolPins,
  StateAnswer,
  SvidRequest,
  TimeAnswer,
  WorkloadAnswer,
  WorkloadRequest,
} from './protocol.js';
import { spoolPinsFor } from './spool-pins.js';
import { stateFor, takeReport } from './state.js';
import { endWorkload, registerWorkload, renewSvid } from './workloads.js';

/** The context of a request on the agents' listener. */
export interface AgentContext {
  readonly context: Context;
  readonly peerOf: (request: object) => Asking;
  readonly directory: ReturnType<typeof workloadDirectory>;
  readonly vault: ReturnType<typeof openVault>;
}

export function agentContext(context: Context, peerOf: (request: object) => Asking): AgentContext {
  return {
    context,
    peerOf,
    directory: workloadDirectory(context.store),
    vault: openVault(
      context.config.evidenceDir,
      {
        fileBytes: agentLimits.evidenceFileBytes,
        totalBytes: agentLimits.evidenceBytes,
        files: agentLimits.evidenceFiles,
      },
      context.evidenceSpace,
    ),
  };
}

export const enrolPath = '/agent/v1/enroll';
const WorkloadParams = z.strictObject({ id: z.string().max(160) });
const done = { ok: true as const };

export const agentRoutes: readonly Route<AgentContext>[] = [
  route({
    method: 'POST',
    path: enrolPath,
    body: EnrolRequest,
    answer: Issued,
    handle: ({ body, context: { context } }) => enrol(context, body),
  }),
  route({
    method: 'POST',
    path: '/agent/v1/renew',
    body: RenewRequest,
    answer: Issued,
    handle: ({ body, context: { context, peerOf }, request }) => renew(context, peerOf(request), body.publicKey),
  }),
  route({
    method: 'POST',
    path: '/agent/v1/workloads',
    body: WorkloadRequest,
    answer: WorkloadAnswer,
    handle: ({ body, context: { context, peerOf }, request }) => registerWorkload(context, peerOf(request), body),
  }),
  route({
    method: 'POST',
    path: '/agent/v1/workloads/:id/svid',
    params: WorkloadParams,
    body: SvidRequest,
    answer: Issued,
    handle: ({ params, body, context: { context, peerOf }, request }) =>
      renewSvid(context, peerOf(request), params.id, body.publicKey),
  }),
  route({
    method: 'POST',
    path: '/agent/v1/workloads/:id/ended',
    params: WorkloadParams,
    body: EndedRequest,
    answer: Done,
    handle: async ({ params, body, context: { context, peerOf }, request }) => {
      await endWorkload(context, peerOf(request), params.id, body.detail ?? `exit status ${body.status ?? 'unknown'}`);
      return done;
    },
  }),
  route({
    method: 'POST',
    path: '/agent/v1/observations',
    body: ObservationsRequest,
    answer: ObservationsAnswer,
    bodyLimit: agentLimits.observationBytes,
    handle: ({ body, context: { context, peerOf, directory }, request }) =>
      takeObservations(context, directory, peerOf(request), body.observations),
  }),
  route({
    method: 'POST',
    path: '/agent/v1/report',
    body: ReportRequest,
    answer: Done,
    bodyLimit: 4 << 20,
    handle: async ({ body, context: { context, peerOf }, request }) => {
      await takeReport(context, peerOf(request), body);
      return done;
    },
  }),
  route({
    method: 'GET',
    path: '/agent/v1/time',
    answer: TimeAnswer,
    handle: async ({ context: { context } }) => ({ now: context.clock.now() }),
  }),
  route({
    method: 'GET',
    path: '/agent/v1/state',
    query: z.strictObject({ revision: z.coerce.number().int().min(-1).default(-1) }),
    answer: StateAnswer,
    handle: async ({ query, context: { context, peerOf }, request, reply }) => {
      const gone = new AbortController();
      // Of the answer, not of the socket: that one is kept for many requests, and would keep a listener for each.
      reply.raw.once('close', () => gone.abort());
      const revision = await context.board.newer(query.revision, agentLimits.longPollMs, gone.signal);
      const peer = peerOf(request);
      // While it waited it may have been withdrawn: that, too, makes a newer revision.
      await checkSerial(context.store, peer);
      return stateFor(context, peer, revision);
    },
  }),
  route({
    method: 'POST',
    path: '/agent/v1/actions/:id',
    params: z.strictObject({ id: z.string().max(96) }),
    body: ActionResult,
    answer: Done,
    handle: async ({ params, body, context: { context, peerOf }, request }) => {
      const { host } = peerOf(request);
      const { clock, config } = context;
      await context.changes.transact((tx, note) => {
        const by = `agent/${host}`;
        return takeResult({ tx, note, by, at: clock.now(), trustDomain: config.trustDomain }, params.id, host, body);
      });
      return done;
    },
  }),
  route({
    method: 'POST',
    path: '/agent/v1/evidence/:id/file',
    params: z.strictObject({ id: EvidenceId }),
    query: z.strictObject({ path: EvidencePath }),
    answer: z.strictObject({ bytes: z.int(), sha256: z.string() }),
    bodyLimit: agentLimits.evidenceFileBytes,
    handle: ({ params, query, context: { vault, peerOf }, request }) =>
      vault.receive(peerOf(request).host, params.id, query.path, request.raw as Readable),
  }),
  route({
    method: 'POST',
    path: '/agent/v1/evidence/:id',
    params: z.strictObject({ id: EvidenceId }),
    body: EvidenceManifest,
    answer: EvidenceSealed,
    bodyLimit: 4 << 20,
    handle: ({ params, body, context: { context, peerOf, vault }, request }) =>
      sealEvidence(context, vault, peerOf(request), params.id, body),
  }),
  route({
    method: 'GET',
    path: '/agent/v1/spool-pins',
    answer: SpoolPins,
    handle: ({ context: { context, peerOf }, request }) => spoolPinsFor(context.store, peerOf(request).host),
  }),
];
