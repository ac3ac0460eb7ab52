import type { Tx } from "@soma/shared/postgres/connect";

/** Deletes a thread in all its namespaces; a put that continues it finds no thread then. Belongs under the lock of `releasePieces`. */
export async function deleteThread(tx: Tx, { tenant, threadId }: { tenant: string; threadId: string }): Promise<void> {
  await tx`delete from thread where tenant = ${tenant} and thread_id = ${threadId}`;
  // Only now: a put that was under way held the row of the thread, and what it kept is seen by the next statement.
  await tx`
    with gone as (delete from checkpoint where tenant = ${tenant} and thread_id = ${threadId})
    delete from task_write where tenant = ${tenant} and thread_id = ${threadId}`;
}
