import { SomaError } from "@soma/shared/errors";
import type { Tx } from "@soma/shared/postgres/connect";
import type { HistoryEvent } from "../domain/history.ts";

/** Appends a rollback to the history of a run that the transaction has seized. */
export async function appendRollback(tx: Tx, { event }: { event: HistoryEvent }): Promise<void> {
  const [row] = await tx<{ appended: boolean }[]>`
    select append_rollback(${event.runId}, ${event.seq}, ${event.at}, ${tx.json(event.payload as never)},
      decode(${event.payloadHash}, 'hex'), decode(${event.hash}, 'hex')) as appended`;
  if (row?.appended !== true)
    throw new SomaError(
      "INTERNAL",
      `the rollback of run ${event.runId} was not written: event ${event.seq} is not its next`,
    );
}
