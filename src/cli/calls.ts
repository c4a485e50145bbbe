import { CallRoute } from '../model/index.js';
import { CliError } from './command.js';

/** Reads `NAME=HOST:PORT[@ENV]`: the service, what the command's own code dials, and where it may be told otherwise. */
export function parseCall(written: string): CallRoute {
  const match = /^([^=]+)=([^:]+):([0-9]+)(?:@([A-Za-z_][A-Za-z0-9_]*))?$/.exec(written);
  const [, service, host, port, env] = match ?? [];
  const parsed = CallRoute.safeParse({ service, host, port: Number(port), ...(env === undefined ? {} : { env }) });
  if (parsed.success) return parsed.data;
  throw new CliError('usage', `\`${written}\` is not a call`, {
    hint: 'write NAME=HOST:PORT or NAME=HOST:PORT@ENV, like payments=payments.shop:7004@PAYMENTS_ADDR',
  });
}
