const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  408: 'Request Timeout',
  414: 'URI Too Long',
  417: 'Expectation Failed',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
};

export interface Ending {
  readonly closes: boolean;
  /** The answer to a HEAD has no body. */
  readonly bodiless?: boolean;
  /** Seconds (RFC 9110, section 10.2.3). */
  readonly retryAfter?: number | undefined;
}

/**
 * The one answer a caller gets when it is refused: RFC 9457 problem details with an opaque decision id, never the
 * reason, the clause or what would have been allowed. Operators look the id up.
 */
export function problemResponse(
  status: number,
  decisionId: string,
  { closes, bodiless = false, retryAfter }: Ending,
): string {
  const title = titles[status] ?? 'Error';
  const body = `{"type":"about:blank","title":"${title}","status":${status},"decision":"${decisionId}"}`;
  return (
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: application/problem+json\r\nContent-Length: ${body.length}\r\n` +
    `Cache-Control: no-store\r\n${retryAfter === undefined ? '' : `Retry-After: ${retryAfter}\r\n`}` +
    `${closes ? 'Connection: close\r\n' : ''}\r\n${bodiless ? '' : body}`
  );
}
