import type { Tx } from "@soma/shared/postgres/connect";
import type { ForgettingRow } from "./tables.ts";

/** An order to forget, by its id or by the key it was given with. */
export async function findForgetting(
  tx: Tx,
  by: { tenant: string } & ({ forgettingId: string } | { idemKey: string }),
): Promise<ForgettingRow | undefined> {
  const which = "idemKey" in by ? tx`idem_key = ${by.idemKey}` : tx`forgetting_id = ${by.forgettingId}`;
  const [row] = await tx<ForgettingRow[]>`select tenant, forgetting_id as "forgettingId", idem_key as "idemKey", scope,
      target, reason, ordered_by as "orderedBy", ordered_at as "orderedAt", memories, links, calls, words,
      done_at as "doneAt"
    from forgetting where tenant = ${by.tenant} and ${which}`;
  return row;
}
