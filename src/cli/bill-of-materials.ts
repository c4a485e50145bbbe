import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { codeOf, messageOf } from '../base/index.js';
import { CliError } from './command.js';

const Bill = z.object({
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.string(),
  components: z.array(z.object({ purl: z.string() })),
});

export interface BillFacts {
  readonly path: string;
  readonly format: string;
  readonly sha256: string;
  readonly components: number;
}

/** What the build wrote beside the program; null where the program was compiled without it. */
export function billOfMaterials(programDir: string): BillFacts | null {
  const path = join(programDir, 'dist/sbom.cdx.json');
  try {
    const bytes = readFileSync(path);
    const { bomFormat, specVersion, components } = Bill.parse(JSON.parse(bytes.toString('utf8')));
    return {
      path,
      format: `${bomFormat} ${specVersion}`,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      components: components.length,
    };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    const why = error instanceof z.ZodError || error instanceof SyntaxError ? 'is not CycloneDX' : messageOf(error);
    throw new CliError('prerequisite', `\`${path}\` cannot be read: ${why}`, {
      hint: 'install the package again, or `npm run build`',
      cause: error,
    });
  }
}
