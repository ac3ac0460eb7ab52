import type { Tx } from "@soma/shared/postgres/connect";

/** Takes away what could not be delivered of a run, when that was ordered to be erased. */
export async function deleteErasedLetters(tx: Tx, { runId }: { runId: string }): Promise<void> {
  await tx`delete from outbox_dead d using run r
    where r.run_id = ${runId} and r.erased_at is not null and d.tenant = r.tenant
      and tells_of(array[${runId}::text], d.type, d.key, d.payload)`;
}
