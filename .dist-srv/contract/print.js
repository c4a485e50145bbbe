import { stringify } from 'yaml';
import { Contract } from '../model/index.js';
/**
 * A contract as YAML, keys in the schema's order, one clause per line: what a person reviews and `parseContract`
 * reads back to the same value.
 */
export function printContract(contract) {
    // Parsing orders the keys as the schema declares them.
    return stringify(Contract.parse(contract), {
        version: '1.2',
        schema: 'core',
        aliasDuplicateObjects: false,
        collectionStyle: 'any',
        lineWidth: 0,
    });
}
