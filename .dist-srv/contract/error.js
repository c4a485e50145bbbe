import { TricordonError } from '../base/index.js';
export class ContractError extends TricordonError {
    name = 'ContractError';
}
