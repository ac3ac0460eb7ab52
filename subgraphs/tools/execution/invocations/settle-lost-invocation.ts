import type { Sql, Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { endingOfLost } from "../../domain/invocation.ts";
import { appendEndFrame } from "../../store/append-end-frame.ts";
import { type Attempt, lockAttempt } from "../../store/lock-attempt.ts";
import { finishLocked } from "./finish-invocation.ts";

/** Ends the stream of an attempt whose executor is dead, and the invocation when it may not run again. */
export function settleLostInvocation(sql: Sql, attempt: Attempt): Promise<void> {
  return transaction(sql, { tenant: attempt.tenant }, async (tx) => {
    await settleLocked(tx, attempt);
  });
}

/** The same inside a transaction. True when the attempt was settled here and the invocation may run again. */
export async function settleLocked(tx: Tx, attempt: Attempt): Promise<boolean> {
  const locked = await lockAttempt(tx, attempt);
  if (locked === undefined) return false;
  const ending = endingOfLost(locked);
  if (ending === undefined) {
    await appendEndFrame(tx, { ...attempt, status: "INTERRUPTED" });
    return true;
  }
  await finishLocked(tx, attempt, { ...ending, executionMs: null });
  return false;
}
