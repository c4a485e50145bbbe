/** gRPC over HTTP/2 (PROTOCOL-HTTP2.md) as far as the Workload API needs it: one request message, a stream of answers. */
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';

/** The status codes this API uses. */
export const status = {
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const;
export type Status = (typeof status)[keyof typeof status];

const largestRequest = 4_096;

/** Ends a call with an error and no message: a "trailers-only" answer, or trailers if the answer has begun. */
export function fail(stream: ServerHttp2Stream, code: Status, text: string): void {
  if (stream.destroyed || stream.closed) return;
  // whatever the client still sends is read and dropped, or the stream would not close
  stream.resume();
  const trailers = { 'grpc-status': String(code), 'grpc-message': encodeURI(text) };
  if (stream.headersSent) {
    stream.once('wantTrailers', () => stream.sendTrailers(trailers));
    stream.end();
  } else {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...trailers }, { endStream: true });
  }
  // the answer is complete: a client that is still sending is told to stop (RFC 9113 section 8.1)
  if (!stream.readableEnded) stream.close();
}

/** Opens a stream of answers; the returned function frames one message and says whether there is room for more. */
export function answer(stream: ServerHttp2Stream): (message: Uint8Array) => boolean {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  return (message) => {
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    return stream.write(Buffer.concat([head, message]));
  };
}

/** The first fault of a call's head, before anything else is looked at. */
export function headFault(headers: IncomingHttpHeaders): 'method' | 'type' | undefined {
  if (headers[':method'] !== 'POST') return 'method';
  return /^application\/grpc($|[+;])/.test(headers['content-type'] ?? '') ? undefined : 'type';
}

/**
 * Waits for the one request message. Requests of this API are empty; what a newer client puts into them is skipped.
 * Calls back once: undefined when the message is complete and well framed.
 */
export function readRequest(
  stream: ServerHttp2Stream,
  done: (fault: { code: Status; text: string } | undefined) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  let over = false;
  const finish = (fault: { code: Status; text: string } | undefined): void => {
    if (over) return;
    over = true;
    done(fault);
  };
  stream.on('data', (chunk: Buffer) => {
    if (over) return;
    size += chunk.length;
    if (size > largestRequest)
      return finish({ code: status.resourceExhausted, text: 'request larger than 4096 bytes' });
    chunks.push(chunk);
    const all = Buffer.concat(chunks);
    if (all.length < 5) return;
    if (all[0] !== 0) {
      finish({ code: status.unimplemented, text: 'compressed messages are not supported' });
      return;
    }
    const wanted = 5 + all.readUInt32BE(1);
    if (wanted > largestRequest)
      return finish({ code: status.resourceExhausted, text: 'request larger than 4096 bytes' });
    if (all.length > wanted) {
      finish({ code: status.invalidArgument, text: 'more than one request message' });
      return;
    }
    if (all.length === wanted) finish(undefined);
  });
  stream.on('end', () => finish({ code: status.invalidArgument, text: 'the request message is incomplete' }));
}
