/** A request to a service, and what a condition sees of it. */
import type { ConditionInput } from '../condition/index.js';
import { type OperationRequest, parametersOf } from './operations.js';
import type { Segment } from './path-template.js';
import type { Caller } from './peers.js';

export interface ServeRequest extends OperationRequest, Caller {
  /** SPIFFE ID that was proved in the handshake; null when none was. */
  readonly caller: string | null;
  /** The name under which the caller asked, and the port it came to, where known. */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  /** One of the two sides is cut off by containment. */
  readonly isolated?: boolean | undefined;
}

export function servedInput(request: ServeRequest, segments: readonly Segment[]): ConditionInput {
  return {
    caller: request.attributes ?? {},
    callee: {},
    user: request.claims ?? {},
    request: {
      method: request.method,
      path: request.path,
      ...(request.host === undefined ? {} : { host: request.host }),
      ...(request.port === undefined ? {} : { port: request.port }),
      params: parametersOf(segments, request.path),
    },
  };
}
