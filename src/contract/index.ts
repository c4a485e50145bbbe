export { type ContractProblem, checkContract } from './check.js';
export { noContract, refusal } from './compile/answers.js';
export type { CallRequest } from './compile/calls.js';
export type { MessageRequest } from './compile/messages.js';
export type { ServeRequest } from './compile/serve-request.js';
export { beside } from './compile/beside.js';
export { type CompiledContract, compileContract } from './compile/compile.js';
export type { EgressRequest, IngressRequest } from './compile/network.js';
export { gatewayService } from './compile/peers.js';
export type { ExecRequest, FileRequest } from './compile/runtime.js';
export { ContractError, type ContractErrorCode } from './error.js';
export { loosened } from './loosen.js';
export { canonicalJson, contractDigest, documentDigest } from './digest.js';
export { explain, explainNearest } from './explain.js';
export { emptyContract, initialVersion } from './initial.js';
export { bytesOf, resolveContract } from './resolve.js';
export { type ContractDocument, parseContract, parseContractDocument, parsePolicyFile } from './parse.js';
export { knownAttributes } from './attributes.js';
export { isBeyondFirst, notHeld } from './not-held.js';
export { formatDocument } from './format.js';
export { boundsFor } from './compile/bounds.js';
export { printClause, printContract } from './print.js';
export { isOnFloor, runtimeFloor, runtimeFloorWrites } from './runtime-floor.js';
export { fileMatcher, plainPath } from './compile/file-pattern.js';
export { holdsRuntime, runtimeDigest } from './runtime-digest.js';
export { isCredentialPath } from './credential-paths.js';
export { type Operation, type Way, whatCan, whoCan } from './ask/can.js';
export { type Answer, answer, malformed } from './ask/answer.js';
export type { Patch } from './ask/change.js';
export { type Explained, explainRecorded } from './ask/explain-recorded.js';
export { type ContractSet, contractSet, type SetDocument, type SetOptions } from './ask/contract-set.js';
export { type Question, questionOf } from './ask/question.js';
export { clausesOf, type PlacedClause, type Section } from './clauses.js';
export type { ClauseEvidence, Evidence } from './learn/facts.js';
export { type Learner, type LearnerOptions, learner } from './learn/learner.js';
export { isLocalAddress, isMetadataAddress, isShell, neverLearnedProgram } from './learn/never.js';
export type { Proposal } from './learn/propose.js';
export type { LayerReadiness } from './learn/readiness.js';
export { type ContractDiff, diffContracts, diffRows, isEmptyDiff, type RightChange } from './diff/diff.js';
export { type Comparison, compareContracts, type RightDifference } from './algebra/compare.js';
export { type ClauseFinding, lintContracts } from './algebra/lint.js';
export { portMatcher, portRange } from './compile/ports.js';
export { momentOf } from './compile/moment.js';
export { nextEnd } from './compile/ends.js';
export { type ClauseRate, ratesOf } from './compile/rates.js';
export type { Claims } from './compile/user.js';
export { attributeOf, type Proved, selectorTest } from './compile/selector.js';
export { type AskedFacts, askedFacts } from './compile/asked-facts.js';
export { claimOf } from './compile/user.js';
export { type MutantResult, mutationsOf } from './trial/mutate.js';
export { type ClauseCoverage, coverageOf, type PlacedTest, runTests, type TestResult } from './trial/run-tests.js';
export { ContractTests } from './trial/tests-document.js';
export { compilers } from './compilers/index.js';
export type {
  Artefact,
  CompiledTarget,
  Deed,
  Diagnostic,
  Held,
  Place,
  Target,
  TargetInput,
} from './compilers/target.js';
export { partsOf } from './compilers/parts.js';
export { listedSyscalls } from './syscalls/effective.js';
export { type Acceptance, parseAcceptances, type Reckoning, reckon } from './compilers/acceptances.js';
export { emptyPlace, parsePlace } from './compilers/place.js';
export { unheldBounds } from './compilers/unheld-bounds.js';
export { nearestName } from './nearest-name.js';
export { type Recorded, recordedOf, recordedRow } from './replay/recorded.js';
export { type Flip, type Replay, replay, type ReplayResult } from './replay/replay.js';
