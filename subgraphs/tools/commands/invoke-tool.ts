import { SomaError } from "@soma/shared/errors";
import type { DecisionClaims } from "@soma/shared/identity/decision-token";
import type { Principal } from "@soma/shared/identity/principal";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { SPAN } from "@soma/shared/span-attributes";
import { activeTraceId, withSpan } from "@soma/shared/telemetry";
import type { WakeUp } from "@soma/shared/wake-up";
import { limitOf } from "../domain/obligations.ts";
import { levelOf } from "../domain/sandbox-level.ts";
import type { AskedBy } from "../domain/tool-result.ts";
import type { Registry } from "../execution/catalog/registry.ts";
import { claimInvocation, type NextAttempt, takeOverInvocation } from "../execution/invocations/claim-invocation.ts";
import type { ExecutorLife } from "../execution/invocations/executor-life.ts";
import type { InvocationRunner } from "../execution/invocations/invocation-runner.ts";
import { isFree } from "../execution/invocations/is-free.ts";
import { findInvocations } from "../store/find-invocations.ts";
import type { Attempt } from "../store/lock-attempt.ts";
import type { InvocationRow } from "../store/tables.ts";
import { type CheckDecisionDeps, checkDecision } from "./check-decision.ts";
import { type Call, type InvokeToolInput, toCall } from "./to-call.ts";

export interface InvokeToolDeps extends CheckDecisionDeps {
  registry: Registry;
  runner: InvocationRunner;
  life: Pick<ExecutorLife, "isLost">;
  wakeUp: WakeUp;
}

type AskedCall = Call & { askedBy: AskedBy | undefined };

const POLL_MS = 250;
/** How long beyond the tool's own limit a caller waits for an invocation that another process runs. */
const WAIT_MARGIN_MS = 5_000;

/**
 * Runs a tool once for its idempotency key, under a decision that allows this very call. The key of a finished invocation
 * gives that invocation; one that runs is waited for; one whose process died runs again when its tool allows that.
 * Throws UNAVAILABLE when its tool could not do its work here and now and may be asked for again. `askedBy` is the request on the bus
 * that it answers, if one does.
 */
export async function invokeTool(
  deps: InvokeToolDeps,
  principal: Principal,
  input: InvokeToolInput,
  askedBy?: AskedBy,
): Promise<InvocationRow> {
  const call = { ...toCall(deps.registry, principal, input), askedBy };
  const decision = await checkDecision(deps, call, input.decisionToken);
  const end = performance.now() + call.tool.timeoutMs + WAIT_MARGIN_MS;
  for (;;) {
    const seen = new AbortController();
    const changed = deps.wakeUp.next(call.invocationId, POLL_MS, seen.signal);
    try {
      const row = await findCall(deps.sql, call);
      if (row !== undefined && row.status !== "RUNNING") return row;
      if (performance.now() >= end) break;
      if (!(await runOnce(deps, call, decision.use(), row))) await changed;
    } finally {
      seen.abort();
    }
  }
  throw new SomaError(
    "TOOL_BUSY",
    `invocation ${call.invocationId} of ${call.tool.name} still runs; ask again with the same idempotency key`,
  );
}

/** Claims the call and runs it, or takes it over from a dead executor. False when there was nothing to do but wait. */
async function runOnce(
  deps: InvokeToolDeps,
  call: AskedCall,
  decision: DecisionClaims,
  row: InvocationRow | undefined,
): Promise<boolean> {
  if (row !== undefined && !(await isFree(deps, row))) return false;
  const { tenant } = call.binding;
  return deps.runner.slots.use(() =>
    deps.runner.claiming({ tenant, invocationId: call.invocationId }, () => claimAndRun(deps, call, decision, row)),
  );
}

async function claimAndRun(
  deps: InvokeToolDeps,
  call: AskedCall,
  decision: DecisionClaims,
  row: InvocationRow | undefined,
): Promise<boolean> {
  const executorId = deps.runner.executorId();
  if (executorId === undefined) return false;
  const { tool, args } = call;
  const { idempotencyKey } = call.binding;
  // Before the claim: what a tool's own code throws here leaves nothing behind.
  const timeoutMs = limitOf(tool.timeoutMs, tool.timeoutOf?.(args), decision.obligations);
  const level = levelOf(tool, decision.obligations, deps.runner.floor);
  const next = { executorId, decisionId: decision.decisionId, isolation: level };
  const attempt = row === undefined ? await claim(deps.sql, call, next) : await takeOver(deps.sql, row, next);
  if (attempt === undefined) return true;
  deps.wakeUp.changed(call.invocationId);
  const given = await withSpan(
    `tool ${tool.name}`,
    { [SPAN.invocation]: call.invocationId, [SPAN.invocationAttempt]: attempt.attempt },
    () => deps.runner.run(attempt, { tool, level, args, idempotencyKey, timeoutMs }),
  );
  if (given !== undefined) throw new SomaError("UNAVAILABLE", given);
  return true;
}

function claim(sql: Sql, call: AskedCall, next: NextAttempt): Promise<Attempt | undefined> {
  const { tool, binding, args, invocationId, askedBy } = call;
  const made = { invocationId, effect: tool.effect, args, traceId: activeTraceId(), askedBy };
  return claimInvocation(sql, { ...binding, ...made, ...next });
}

function takeOver(
  sql: Sql,
  { tenant, invocationId, attempt, executorId }: InvocationRow,
  next: NextAttempt,
): Promise<Attempt | undefined> {
  return takeOverInvocation(sql, { tenant, invocationId, attempt, executorId }, next);
}

/** The row of the call's key. Throws IDEMPOTENCY_CONFLICT when the key was used for another call. */
async function findCall(sql: Sql, { invocationId, binding }: Call): Promise<InvocationRow | undefined> {
  const { tenant, actor, tool, argsDigest, runId, stepId, idempotencyKey } = binding;
  const [row] = await transaction(sql, { tenant }, (tx) =>
    findInvocations(tx, { tenant, invocationIds: [invocationId] }),
  );
  if (row === undefined) return undefined;
  const same =
    row.actor === actor &&
    row.tool === tool &&
    row.argsDigest === argsDigest &&
    row.runId === runId &&
    row.stepId === stepId;
  if (same) return row;
  throw new SomaError(
    "IDEMPOTENCY_CONFLICT",
    `idempotency key "${idempotencyKey}" was used for another call of a tool; use a new key for a new call`,
  );
}
