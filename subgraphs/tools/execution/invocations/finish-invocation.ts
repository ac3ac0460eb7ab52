import { emit } from "@soma/shared/outbox/emit";
import type { Sql, Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import type { Ending } from "../../domain/invocation.ts";
import { runOf, toToolEvent } from "../../domain/tool-event.ts";
import { type AnsweredCall, type AskedBy, toToolResult } from "../../domain/tool-result.ts";
import { appendEndFrame } from "../../store/append-end-frame.ts";
import { type Attempt, lockAttempt } from "../../store/lock-attempt.ts";
import { readOutputs } from "../../store/read-outputs.ts";
import { saveEnding } from "../../store/save-ending.ts";

/** Milliseconds the tool ran; null when the one who knew died. */
export type Finish = Ending & { executionMs: number | null };

/** Ends an attempt and with it the invocation: stream, row and event in one transaction. False when the attempt is another's now. */
export function finishInvocation(sql: Sql, attempt: Attempt, finish: Finish): Promise<boolean> {
  return transaction(sql, { tenant: attempt.tenant }, async (tx) => {
    if ((await lockAttempt(tx, attempt)) === undefined) return false;
    await finishLocked(tx, attempt, finish);
    return true;
  });
}

/** The same inside a transaction that holds the row's lock. */
export async function finishLocked(
  tx: Tx,
  attempt: Attempt,
  { status, stream, error, executionMs }: Finish,
): Promise<void> {
  const { tenant, invocationId } = attempt;
  const outputBytes = await appendEndFrame(tx, { ...attempt, status: stream });
  const ended = await saveEnding(tx, { tenant, invocationId, status, outputBytes, error, executionMs });
  const invocation = {
    ...ended,
    tenant,
    invocationId,
    status,
    errorType: error?.type ?? null,
    executionMs: executionMs ?? 0,
    outputBytes,
  };
  await emit(tx, { type: "agent.tools.v1", tenant, key: runOf(invocation), data: toToolEvent(invocation) });
  if (ended.askedBy !== null) await tellAsker(tx, ended.askedBy, { ...invocation, error });
}

/** The result of a call that was asked for on the bus. */
async function tellAsker(
  tx: Tx,
  askedBy: AskedBy,
  { invocationId, ...call }: Omit<AnsweredCall, "output"> & { invocationId: string },
): Promise<void> {
  const { tenant } = call;
  const outputs = await readOutputs(tx, { tenant, invocationIds: [invocationId] });
  const data = toToolResult(askedBy, { ...call, output: outputs.get(invocationId) ?? null });
  await emit(tx, { type: "tool.result.v1", tenant, key: askedBy.session_id, data });
}
