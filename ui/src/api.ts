/** Talks to the control plane: same origin, session cookie, and the CSRF token with everything that changes something. */
import type { Problem, WhoAmI } from '../../src/server/api-types.ts';

export type Permission = WhoAmI['permissions'][number];

/** Something the control plane refused or could not do, as RFC 9457 says it, or our own words when it said nothing. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  readonly hint: string | null;

  constructor(status: number, code: string, message: string, hint: string | null) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint;
  }
}

let csrf: string | null = null;

/** Remembered in memory only: the page that forgets it asks `whoami` again. */
export function rememberCsrf(token: string | null): void {
  csrf = token;
}

/** @throws ApiError */
export async function get<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  return ask<Answer>(path, { method: 'GET', ...(signal === undefined ? {} : { signal }) });
}

/** @throws ApiError */
export async function post<Answer>(path: string, body?: unknown): Promise<Answer> {
  const headers: Record<string, string> = {};
  if (csrf !== null) headers['x-csrf-token'] = csrf;
  if (body !== undefined) headers['content-type'] = 'application/json';
  return ask<Answer>(path, { method: 'POST', headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

async function ask<Answer>(path: string, init: RequestInit): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, credentials: 'same-origin', redirect: 'error' });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'unreachable', 'the control plane does not answer', 'is it running? see `tricordon status`');
  }
  const text = await response.text();
  if (response.ok) {
    try {
      // The control plane checks each answer against its schema before it sends it.
      return JSON.parse(text) as Answer;
    } catch {
      throw new ApiError(response.status, 'unreadable', 'the answer could not be read', 'load the page anew');
    }
  }
  throw problemOf(response.status, text);
}

function problemOf(status: number, text: string): ApiError {
  let problem: Partial<Problem> = {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) problem = parsed;
  } catch {
    // Not a problem document: a proxy in between, or a control plane that is just stopping.
  }
  const detail = typeof problem.detail === 'string' ? problem.detail : `the control plane answered ${status}`;
  const first = problem.issues?.[0];
  const message = first === undefined ? detail : `${detail} (${first.path}: ${first.message})`;
  return new ApiError(status, String(problem.code ?? 'unknown'), message, problem.hint ?? null);
}
