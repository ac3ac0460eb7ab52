import type { Tx } from "@soma/shared/postgres/connect";
import { memoryColumns } from "./memory-columns.ts";
import type { MemoryRow } from "./tables.ts";

interface ListMemoriesOfParams {
  /** What the owners are: runs or sessions. */
  by: "runId" | "sessionId";
  owners: readonly string[];
  /** Only memories between these two ids, and neither of them. */
  after: string | undefined;
  before: string | undefined;
  /** From the newest on instead of from the oldest. */
  backward: boolean;
  /** Of each owner at most. */
  limit: number;
}

/** One page of what each of these runs, or sessions, remembered: oldest first unless asked otherwise, since ids sort by time. */
export async function listMemoriesOf(tx: Tx, params: ListMemoriesOfParams): Promise<MemoryRow[]> {
  const { by, owners, after, before, backward, limit } = params;
  const owner = tx(by === "runId" ? "run_id" : "session_id");
  const order = backward ? tx`desc` : tx`asc`;
  return tx<MemoryRow[]>`select m.* from unnest(${[...owners]}::uuid[]) as asked (id)
    cross join lateral (
      select ${memoryColumns(tx)} from memory_item
       where ${owner} = asked.id
         ${after === undefined ? tx`` : tx`and memory_id > ${after}::uuid`}
         ${before === undefined ? tx`` : tx`and memory_id < ${before}::uuid`}
       order by memory_id ${order} limit ${limit}) m
    order by m."memoryId" ${order}`;
}
