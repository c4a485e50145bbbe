import { programRoot } from '../accounts.js';
import { billOfMaterials } from '../bill-of-materials.js';
import { type Command, exitCode } from '../command.js';
import { version } from '../version.js';

export const command: Command = async ({ output }) => {
  const sbom = billOfMaterials(programRoot());
  output.result({ schemaVersion: 1, version, node: process.version, sbom }, () =>
    [
      `tricordon ${version}, Node.js ${process.version}`,
      sbom === null
        ? 'no bill of materials: compiled without `npm run build`'
        : `${sbom.path}: ${sbom.format}, ${sbom.components} components, sha256 ${sbom.sha256}`,
    ].join('\n'),
  );
  return exitCode.done;
};
