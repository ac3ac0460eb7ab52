import type { Tx } from "@soma/shared/postgres/connect";
import type { ForgettingRow } from "./tables.ts";

type NewForgetting = Pick<
  ForgettingRow,
  "tenant" | "forgettingId" | "idemKey" | "scope" | "target" | "reason" | "orderedBy"
>;

/** Orders that something is forgotten: nobody sees it from then on. Belongs under the lock of forgetting, held alone. */
export async function insertForgetting(tx: Tx, row: NewForgetting): Promise<void> {
  await tx`insert into forgetting (tenant, forgetting_id, idem_key, scope, target, reason, ordered_by)
    values (${row.tenant}, ${row.forgettingId}, ${row.idemKey}, ${row.scope}, ${row.target}, ${row.reason},
      ${row.orderedBy})`;
}
