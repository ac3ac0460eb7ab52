/**
 * Names of what a step can wait for beside the signals that people and programs send. Each holds a colon, so that
 * nobody can send it, and there is one signal at most under each.
 */
const APPROVAL = "approval:";
const CHILD = "child:";
const BUDGET = ".budget";

/** The question that a step asks in one of its calls. */
export function approvalName(step: number, call: number): string {
  return `${APPROVAL}${step}.${call}`;
}

export function isApprovalName(name: string): boolean {
  return name.startsWith(APPROVAL);
}

/** Whether a budget may be raised that one of the calls of a step does not fit into. */
export function budgetName(step: number, call: number): string {
  return `${approvalName(step, call)}${BUDGET}`;
}

/** A question of the engine itself: the node of the step knows nothing of it. */
export function isBudgetName(name: string): boolean {
  return isApprovalName(name) && name.endsWith(BUDGET);
}

/** The end of a run that a step started. */
export function childName(runId: string): string {
  return `${CHILD}${runId}`;
}

export function isChildName(name: string): boolean {
  return name.startsWith(CHILD);
}

/**
 * The id of a question, as the API shows it: the id of its step, a dot, and the number of the call that asked; with
 * what the engine asks for.
 */
export function approvalIdOf(runId: string, name: string): string {
  return `${runId}.${name.slice(APPROVAL.length)}`;
}

const APPROVAL_ID = /^([0-9a-f-]{36})\.([1-9][0-9]{0,8})\.([0-9]{1,9})(\.budget)?$/;

/** The question an id names; undefined when it is no such id. */
export function parseApprovalId(id: string): { runId: string; name: string } | undefined {
  const [, runId, step, call, budget] = APPROVAL_ID.exec(id) ?? [];
  if (runId === undefined) return undefined;
  const toName = budget === undefined ? approvalName : budgetName;
  return { runId, name: toName(Number(step), Number(call)) };
}
