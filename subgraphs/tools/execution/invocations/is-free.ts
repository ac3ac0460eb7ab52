import type { InvocationRow } from "../../store/tables.ts";
import type { ExecutorLife } from "./executor-life.ts";
import type { InvocationRunner } from "./invocation-runner.ts";

export interface IsFreeDeps {
  runner: Pick<InvocationRunner, "isStray">;
  life: Pick<ExecutorLife, "isLost">;
}

/** Whether nobody runs an invocation any more that the database says is running. */
export async function isFree({ runner, life }: IsFreeDeps, row: InvocationRow): Promise<boolean> {
  return row.lostAt !== null || runner.isStray(row) || (await life.isLost(row.executorId));
}
