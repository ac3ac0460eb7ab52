import type { Tx } from "@soma/shared/postgres/connect";
import type { HeldRun } from "./read-held.ts";

/** Holds runs from an event on, and lets others go. Belongs in the transaction in which `advanceRelay` was true. */
export async function holdRuns(
  tx: Tx,
  { held, freed }: { held: readonly HeldRun[]; freed: readonly string[] },
): Promise<void> {
  if (freed.length > 0) await tx`delete from relay_held where run_id = any (${[...freed]}::uuid[])`;
  if (held.length === 0) return;
  await tx`insert into relay_held (run_id, seq)
    select * from unnest(${held.map(({ runId }) => runId)}::uuid[], ${held.map(({ seq }) => seq)}::int[])
    on conflict (run_id) do update set seq = excluded.seq`;
}
