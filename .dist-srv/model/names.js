import { z } from 'zod';
/** A service's name: a DNS label (RFC 1123), so that it can stand in a SPIFFE ID, a host name and a file name. */
export const ServiceName = z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'a service name is 1 to 63 of a-z, 0-9 and -, not at the ends');
/** One running unit: `<service>-<host>-<8 hex>`; unique for ever. */
export const WorkloadId = z
    .string()
    .regex(/^[a-z0-9-]{1,160}$/)
    .brand();
export const HostName = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/);
export const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
export const Port = z.int().min(1).max(65_535);
