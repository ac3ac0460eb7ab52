import type { OutboxState } from "@soma/shared/outbox/store/measure-own-outbox";
import type { Tx } from "@soma/shared/postgres/connect";

/** What waits of the runs of the transaction's tenant. */
export async function measureOwnOutbox(tx: Tx): Promise<OutboxState> {
  const [row] = await tx<OutboxState[]>`
    select pending as "pendingRows", age_s as "oldestAgeSeconds", letters as "deadLetters", parked as "parkedKeys", held as "heldRows"
      from own_outbox()`;
  if (row === undefined) throw new Error("the events of runs could not be measured");
  return row;
}
