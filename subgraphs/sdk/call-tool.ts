import type { NodeResult, NodeSpec, StepContext } from "./node.ts";
import { StepError } from "./step-error.ts";
import { type CallAnswer, decideCall, invokeDecided, type KeyedCall } from "./tool-call.ts";

/** How a call ended that did not succeed: DENIED by policy, or as the tools subgraph says, such as FAILED or TIMED_OUT. */
export interface CallFailure {
  status: string;
  reason: string;
}

export interface CallToolOptions<S> {
  args(state: S, context: StepContext): { [name: string]: unknown };
  /** What the tool's output changes in the state. */
  into(output: string, state: S): Partial<S>;
  /** What a call that did not succeed changes; left out, it fails the run. */
  otherwise?(failure: CallFailure, state: S): Partial<S>;
  /**
   * How often a tool that fails is called in all, 1 when left out. Each is a call of its own, so more than one is for tools
   * whose failing has changed nothing.
   */
  tries?: number;
}

/**
 * A node that calls a tool: the policy decides, then the tools subgraph runs it, once for each try, whatever dies in between.
 *
 *   .node("find", callTool("find_order", { args: (s) => ({ id: s.id }), into: (output) => ({ order: output }) }))
 */
export function callTool<S>(name: string, options: CallToolOptions<S>): NodeSpec<S> {
  const { args, into, otherwise, tries = 1 } = options;
  if (!Number.isInteger(tries) || tries < 1)
    throw new RangeError(`tool ${name} is tried ${tries} times; say 1 or more`);
  return {
    type: "tool",
    copiesStreams: true,
    retry: { maxAttempts: Math.max(6, tries), initialMs: 200, maxMs: 60_000 },
    summary: () => `Calling ${name}`,
    async run(state, context) {
      const called = await callUntilGood({ name, args: args(state, context), tries }, context);
      if (called.failure === undefined) return { ...called.told, patch: into(called.output, state) };
      const { status, reason } = called.failure;
      if (otherwise === undefined) throw new StepError("STEP_REFUSED", `${name} ended ${status}: ${reason}`);
      return { ...called.told, denied: status === "DENIED", patch: otherwise(called.failure, state) };
    },
  };
}

type Told = Pick<NodeResult<never>, "summary" | "output" | "outputSummary">;
type Called = { told: Told } & ({ output: string; failure?: undefined } | { failure: CallFailure });

/**
 * Each try has a key of its own, and what became of it is kept under that: an attempt passes over the tries that failed
 * before it, makes the next one, and leaves the waiting in between to the engine.
 */
async function callUntilGood(
  { name, args, tries }: { name: string; args: KeyedCall["args"]; tries: number },
  context: StepContext,
): Promise<Called> {
  for (let number = 1; ; number += 1) {
    const called = await callOnce({ name, args, idempotencyKey: `${context.stepId}:call:${number}` }, context);
    const { failure } = called;
    if (failure === undefined || failure.status === "DENIED" || number >= tries) return called;
    if (number >= context.attempt)
      throw new StepError("STEP_FAILED", `${name} ended ${failure.status}: ${failure.reason}`);
  }
}

/** Decides on a call and makes it. */
export async function callOnce(call: KeyedCall, context: StepContext): Promise<Called> {
  const { name } = call;
  const decision = await decideCall(call, context);
  if (decision === undefined) return denied(name, `there is no tool "${name}"`, null);
  if (!decision.allow) return denied(name, decision.reason, decision.id);
  return toCalled(name, await invokeDecided(call, decision.token ?? "", context));
}

function denied(name: string, reason: string, decisionId: string | null): Called {
  return {
    failure: { status: "DENIED", reason },
    told: {
      summary: `${name} is not allowed: ${reason}`,
      outputSummary: "denied",
      output: { tool: name, allow: false, reason, decisionId },
    },
  };
}

function toCalled(name: string, { id, status, output, error }: CallAnswer): Called {
  const good = status === "SUCCEEDED" || status === "TRUNCATED";
  const reason = error?.message ?? status.toLowerCase().replaceAll("_", " ");
  const told: Told = {
    summary: good ? `${name} answered` : `${name} ended ${status.toLowerCase().replaceAll("_", " ")}: ${reason}`,
    outputSummary: `${status}, ${(output ?? "").length} characters${error === null ? "" : `, ${error.type}`}`,
    output: { tool: name, status, invocationId: id, output: output ?? "", error: error?.message ?? null },
  };
  return good ? { told, output: output ?? "" } : { told, failure: { status, reason } };
}
