import { toStorableJson } from "@soma/shared/json";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { appendStartFrame } from "../../store/append-start-frame.ts";
import { beginNextAttempt } from "../../store/begin-next-attempt.ts";
import { type InsertInvocationParams, insertInvocation } from "../../store/insert-invocation.ts";
import type { Attempt } from "../../store/lock-attempt.ts";
import { settleLocked } from "./settle-lost-invocation.ts";

/** Who runs an attempt, what allows it, and where it runs. */
export type NextAttempt = Pick<InsertInvocationParams, "executorId" | "decisionId" | "isolation">;

/** Commits the intent to run an invocation, and the start of its stream. Undefined when the invocation exists already. */
export function claimInvocation(
  sql: Sql,
  params: Omit<InsertInvocationParams, "args"> & { args: unknown },
): Promise<Attempt | undefined> {
  const { tenant, invocationId, executorId } = params;
  return transaction(sql, { tenant }, async (tx) => {
    if (!(await insertInvocation(tx, { ...params, args: toStorableJson(params.args) }))) return undefined;
    await appendStartFrame(tx, { tenant, invocationId });
    return { tenant, invocationId, attempt: 1, executorId };
  });
}

/**
 * Takes an invocation over from an executor that is dead: the old stream ends before the new one starts. Undefined when
 * somebody was faster, or when the invocation may not run again.
 */
export function takeOverInvocation(sql: Sql, lost: Attempt, next: NextAttempt): Promise<Attempt | undefined> {
  return transaction(sql, { tenant: lost.tenant }, async (tx) => {
    if ((await settleLocked(tx, lost)) !== "MAY_RUN_AGAIN") return undefined;
    const attempt = { ...lost, attempt: lost.attempt + 1, executorId: next.executorId };
    await beginNextAttempt(tx, { ...attempt, ...next });
    await appendStartFrame(tx, lost);
    return attempt;
  });
}
