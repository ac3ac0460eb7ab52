import { createLostHints, type LostHintsOptions } from "@soma/shared/lost-hints";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { readHeads } from "../store/read-heads.ts";

/** Finds hints that were lost for those who follow invocations. `sql` is a pool of the request role. */
export function createInvocationHints({ sql, ...options }: LostHintsOptions & { sql: Sql }) {
  return createLostHints({
    ...options,
    of: "invocations",
    readHeads: (tenant, invocationIds) =>
      transaction(sql, { tenant }, (tx) => readHeads(tx, { tenant, invocationIds })),
  });
}
