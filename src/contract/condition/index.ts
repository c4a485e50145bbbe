export { compileCondition, type ConditionInput, type Values } from './evaluate.js';
export { type ConditionProblem, parseCondition } from './parse.js';
export { printCondition } from './print.js';
export { type Condition, namesIn } from './syntax.js';
