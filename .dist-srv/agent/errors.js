import { TricordonError } from '../base/index.js';
export class AgentError extends TricordonError {
    name = 'AgentError';
}
