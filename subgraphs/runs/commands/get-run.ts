import { SomaError } from "@soma/shared/errors";
import { isId } from "@soma/shared/ids";
import type { Tx } from "@soma/shared/postgres/connect";
import { findRuns } from "../store/find-runs.ts";
import type { RunRow } from "../store/tables.ts";

/** A run of the transaction's tenant that a command is about. */
export async function getRun(tx: Tx, { runId }: { runId: string }): Promise<RunRow> {
  const [run] = isId(runId) ? await findRuns(tx, { runIds: [runId] }) : [];
  if (run === undefined) throw new SomaError("NOT_FOUND", `run ${runId.slice(0, 80)} does not exist`);
  return run;
}
