/** The parts of a decision's claims that say what was decided. */
export interface DecidedCall {
  tenant: string;
  actor: string;
  tool: string;
  toolVersion: string;
  argsDigest: string;
  runId: string | null;
  stepId: string | null;
  idempotencyKey: string;
}

const PARTS = [
  "tenant",
  "actor",
  "tool",
  "toolVersion",
  "argsDigest",
  "runId",
  "idempotencyKey",
] as const satisfies readonly (keyof DecidedCall)[];

/**
 * Names of the parts in which the call differs from what was decided; empty when the decision is for this very call.
 * With the key among them a decision is good for one call, however often it is shown. The step is none of them: one step
 * of a run asks for the decision, the next one makes the call.
 */
export function findDifferences(decided: DecidedCall, call: DecidedCall): (keyof DecidedCall)[] {
  return PARTS.filter((part) => decided[part] !== call[part]);
}
