import type { Sql } from "@soma/shared/postgres/connect";
import { readHistory } from "../store/read-history.ts";
import type { Evidence } from "./evidence.ts";

/** What somebody knows of a run beside what the database does; nothing of what is left out. */
export type Seen = { runId: string } & Partial<Omit<Evidence, "history" | "epochs" | "takings">>;

/** What the journal of a run says, as its owner reads it, with what was seen from outside. */
export async function readEvidence(tx: Sql, seen: Seen): Promise<Evidence> {
  const { runId, ...known } = seen;
  const rows = await tx<{ epoch: number }[]>`select epoch from journal where run_id = ${runId} order by seq`;
  const epochs = rows.map(({ epoch }) => epoch);
  return {
    history: await readHistory(tx, { runId, afterSeq: 0, limit: 10_000 }),
    epochs,
    takings: epochs.map((epoch, entries) => ({ epoch, entries })),
    acknowledged: [],
    read: [],
    owners: [],
    effects: [],
    canceledAt: undefined,
    delivered: undefined,
    ...known,
  };
}
