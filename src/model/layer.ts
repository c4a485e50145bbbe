import { z } from 'zod';

/** The three layers everything is seen, held and proved at. */
export const layers = ['runtime', 'network', 'api'] as const;
export const Layer = z.enum(layers);
export type Layer = z.infer<typeof Layer>;

/** How strictly a contract is held at one layer. */
export const modes = ['off', 'learn', 'audit', 'enforce'] as const;
export const Mode = z.enum(modes);
export type Mode = z.infer<typeof Mode>;

export const ModeByLayer = z.strictObject({ runtime: Mode, network: Mode, api: Mode });
export type ModeByLayer = z.infer<typeof ModeByLayer>;
