import type { Sql, Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { endingOfAbandoned, endingOfLost } from "../../domain/invocation.ts";
import { appendEndFrame } from "../../store/append-end-frame.ts";
import { countGivenBack } from "../../store/count-given-back.ts";
import { type Attempt, lockAttempt } from "../../store/lock-attempt.ts";
import { markLost } from "../../store/mark-lost.ts";
import { finishLocked } from "./finish-invocation.ts";

/**
 * Ends the stream of an attempt that nobody runs any more, and the invocation when it may not run again; otherwise it
 * waits for its next call. False when it had ended or was another's.
 */
export function settleLostInvocation(sql: Sql, attempt: Attempt): Promise<boolean> {
  return transaction(sql, { tenant: attempt.tenant }, (tx) => letGo(tx, attempt));
}

/** The same for an attempt of this process that could not do its work: it was no fault of the tool's, and does not count. */
export function giveBackInvocation(sql: Sql, attempt: Attempt): Promise<boolean> {
  return transaction(sql, { tenant: attempt.tenant }, async (tx) => {
    if ((await lockAttempt(tx, attempt)) === undefined) return false;
    await countGivenBack(tx, attempt);
    return letGo(tx, attempt);
  });
}

async function letGo(tx: Tx, attempt: Attempt): Promise<boolean> {
  const settled = await settleLocked(tx, attempt);
  if (settled === "MAY_RUN_AGAIN") await markLost(tx, attempt);
  return settled !== "NOT_OURS";
}

/** The same inside a transaction, without the note that it waits. */
export async function settleLocked(tx: Tx, attempt: Attempt): Promise<"NOT_OURS" | "MAY_RUN_AGAIN" | "ENDED"> {
  const locked = await lockAttempt(tx, attempt);
  if (locked === undefined) return "NOT_OURS";
  const ending = endingOfLost(locked);
  if (ending === undefined) {
    await appendEndFrame(tx, { ...attempt, status: "INTERRUPTED" });
    return "MAY_RUN_AGAIN";
  }
  await finishLocked(tx, attempt, { ...ending, executionMs: null });
  return "ENDED";
}

/** Ends an attempt that waited for its next call in vain. False when somebody was faster. */
export function endAbandoned(sql: Sql, attempt: Attempt): Promise<boolean> {
  return transaction(sql, { tenant: attempt.tenant }, async (tx) => {
    const locked = await lockAttempt(tx, attempt);
    if (locked === undefined) return false;
    const ending = endingOfLost(locked) ?? endingOfAbandoned(locked.effect);
    await finishLocked(tx, attempt, { ...ending, executionMs: null });
    return true;
  });
}
