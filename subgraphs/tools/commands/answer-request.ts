import { SomaError, toSomaError } from "@soma/shared/errors";
import { clip } from "@soma/shared/json";
import { emit } from "@soma/shared/outbox/emit";
import type { Sql } from "@soma/shared/postgres/connect";
import { isDataFault } from "@soma/shared/postgres/data-fault";
import { transaction } from "@soma/shared/postgres/transaction";
import { contextFromHeaders, headersOf, withSpan } from "@soma/shared/telemetry";
import { keyOfRequest, toToolResult } from "../domain/tool-result.ts";
import type { AskPolicy } from "../peers/policy.ts";
import { deleteRequest } from "../store/delete-request.ts";
import type { ToolRequest } from "../store/insert-request.ts";
import { type InvokeToolDeps, invokeTool } from "./invoke-tool.ts";

/** Who calls a tool when an event on the bus asks for it. */
const SUBJECT = "tool.requests.v1";
const MAX_REASON_BYTES = 2_048;

export interface AnswerRequestDeps extends InvokeToolDeps {
  /** Pool of the worker role. */
  worker: Sql;
  askPolicy: AskPolicy;
  /** Under which tools are called. */
  role: string;
}

/**
 * Calls the tool of a request as a caller of the API would: asks the policy, and invokes it under the decision. The one who ends
 * the invocation tells the result; what is refused before there is one is told here. Throws what may go well later.
 */
export function answerRequest(deps: AnswerRequestDeps, request: ToolRequest): Promise<void> {
  const { traceParent, askedBy } = request;
  const parent = contextFromHeaders(headersOf({ traceParent, requestId: askedBy.request_id }));
  return withSpan(`answer ${request.tool}`, {}, () => answer(deps, request), { parent });
}

async function answer(deps: AnswerRequestDeps, request: ToolRequest): Promise<void> {
  try {
    const reason = await invoke(deps, request);
    if (reason === undefined) await deleteRequest(deps.worker, request);
    else await refuse(deps.worker, request, { type: "denied", message: reason });
  } catch (error) {
    const known = toSomaError(error);
    // A decision is for one minute, and the same one may be asked for again.
    const mayPass = known.retryable || known.code === "DECISION_EXPIRED" || known.code === "CANCELED";
    if (mayPass || (known.code === "INTERNAL" && !isDataFault(error))) throw error;
    const type = known.code === "DECISION_INVALID" ? "denied" : known.code.toLowerCase();
    await refuse(deps.worker, request, { type, message: known.publicMessage });
  }
}

/** Undefined when the tool was invoked; why not, when the policy denies it. */
async function invoke(deps: AnswerRequestDeps, { tenant, tool: name, args, askedBy }: ToolRequest) {
  const principal = { tenant, subject: SUBJECT, roles: [deps.role], service: null };
  const tool = deps.registry.find(name);
  if (tool === undefined) throw new SomaError("BAD_INPUT", `there is no tool "${name}" any more`);
  const { version: toolVersion, risk } = tool;
  const idempotencyKey = keyOfRequest(askedBy);
  const decision = await deps.askPolicy(principal, { tool: name, toolVersion, risk, args, idempotencyKey });
  if (decision.token === null) return decision.reason;
  await invokeTool(deps, principal, { tool: name, args, decisionToken: decision.token, idempotencyKey }, askedBy);
  return undefined;
}

/** The end of a request that became no invocation, told once. */
function refuse(worker: Sql, request: ToolRequest, error: { type: string; message: string }): Promise<void> {
  const { tenant, tool, askedBy } = request;
  const status = error.type === "denied" ? "DENIED" : "FAILED";
  const told = { type: error.type, message: clip(error.message, MAX_REASON_BYTES) };
  return transaction(worker, { tenant }, async (tx) => {
    if (!(await deleteRequest(tx, request))) return;
    const data = toToolResult(askedBy, { tenant, tool, status, output: null, error: told, executionMs: 0 });
    await emit(tx, { type: "tool.result.v1", tenant, key: askedBy.session_id, data });
  });
}
