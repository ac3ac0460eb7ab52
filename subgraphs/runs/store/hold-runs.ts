import type { Tx } from "@soma/shared/postgres/connect";
import type { HeldRun } from "./read-held.ts";

/** Holds runs from an event on, those of letters until these are decided, and lets others go. Belongs in the transaction in which `advanceRelay` was true. */
export async function holdRuns(
  tx: Tx,
  { held, freed }: { held: readonly (HeldRun & { letter?: string })[]; freed: readonly string[] },
): Promise<void> {
  if (freed.length > 0) await tx`delete from relay_held where run_id = any (${[...freed]}::uuid[])`;
  if (held.length === 0) return;
  await tx`insert into relay_held (run_id, seq, letter)
    select * from unnest(${held.map(({ runId }) => runId)}::uuid[], ${held.map(({ seq }) => seq)}::int[],
        ${held.map(({ letter }) => letter ?? null)}::uuid[])
    on conflict (run_id) do update set seq = excluded.seq, letter = excluded.letter`;
}
