/** What two data planes speak over mutual TLS. */
export const alpn = {
  /** Streams of many callers' connections over one (`hop/`). */
  hop: 'tricordon-hop/1',
  /** One connection, HTTP/1.1: for whoever does not speak the hop's frames. */
  http: 'tricordon-http/1',
  /** One connection, any bytes. */
  tcp: 'tricordon-tcp/1',
} as const;
