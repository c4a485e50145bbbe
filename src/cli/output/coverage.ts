import { type Coverage, layers } from '../../model/index.js';
import type { Output } from './output.js';

const marks = { runtime: '■', network: '◆', api: '●' } as const;

/** One line a layer, and below it each gap with the command that closes it. */
export function coverageLines(output: Output, coverage: Coverage): string[] {
  return layers.flatMap((layer) => {
    const { level, by, gaps } = coverage[layer];
    const tone = level === 'full' ? 'ok' : level === 'partial' ? 'warn' : 'bad';
    return [
      `${marks[layer]} ${layer.padEnd(8)} ${output.style(tone, level.padEnd(8))} ${by === '' ? 'nothing watches it' : `by ${by}`}`,
      ...gaps.map((gap) =>
        output.style('dim', `    not covered: ${gap.what}${gap.fix === null ? '' : ` -> ${gap.fix}`}`),
      ),
    ];
  });
}
