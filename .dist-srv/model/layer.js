import { z } from 'zod';
/** The three layers everything is seen, held and proved at. */
export const layers = ['runtime', 'network', 'api'];
export const Layer = z.enum(layers);
/** How strictly a contract is held at one layer. */
export const modes = ['off', 'learn', 'audit', 'enforce'];
export const Mode = z.enum(modes);
export const ModeByLayer = z.strictObject({ runtime: Mode, network: Mode, api: Mode });
