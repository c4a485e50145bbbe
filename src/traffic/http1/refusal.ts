/** Why bytes were not taken as HTTP/1.1: a closed list, each with the status the sender is given. */
export const refusals = {
  'head-too-large': 431,
  'too-many-fields': 431,
  'target-too-long': 414,
  'bare-cr': 400,
  'bare-lf': 400,
  'control-character': 400,
  'start-line': 400,
  version: 505,
  method: 501,
  'target-form': 400,
  'path-ambiguous': 400,
  'obs-fold': 400,
  'field-name': 400,
  'host-missing': 400,
  'host-duplicate': 400,
  'host-malformed': 400,
  'length-duplicate': 400,
  'length-malformed': 400,
  'length-and-chunked': 400,
  'transfer-encoding': 501,
  'transfer-encoding-http10': 400,
  'connection-option': 400,
  upgrade: 400,
  expect: 417,
  'chunk-size': 400,
  'chunk-extension': 400,
  'chunk-end': 400,
  trailer: 400,
  'head-timeout': 408,
  'body-timeout': 408,
} as const satisfies Record<string, number>;

export type RefusalCode = keyof typeof refusals;

/** Bounds on what one peer can make us hold; bytes unless said otherwise. */
export const limits = {
  head: 32 * 1024,
  fields: 100,
  target: 8 * 1024,
  method: 32,
  chunkExtension: 256,
  trailers: 8 * 1024,
} as const;
