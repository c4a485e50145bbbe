import { Mode, type ModeByLayer, layers } from '../../model/index.js';
import { CliError } from '../command.js';

/** `runtime audit, network audit, api enforce` */
export function modes(mode: ModeByLayer): string {
  return layers.map((layer) => `${layer} ${mode[layer]}`).join(', ');
}

/** Reads `runtime=audit,api=enforce`. */
export function parseModes(written: string): Partial<ModeByLayer> {
  const parsed: Partial<Record<keyof ModeByLayer, Mode>> = {};
  for (const part of written.split(',')) {
    const [layer, mode] = part.split('=');
    const known = layers.find((name) => name === layer?.trim());
    const value = Mode.safeParse(mode?.trim());
    if (known === undefined || !value.success) {
      throw new CliError('usage', `\`${part}\` is not a mode`, {
        hint: 'write runtime=audit,network=audit,api=enforce; modes are off, learn, audit, enforce',
      });
    }
    parsed[known] = value.data;
  }
  return parsed;
}
