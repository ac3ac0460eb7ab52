import { createLostHints, type LostHintsOptions } from "@soma/shared/lost-hints";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { readHeads } from "../store/read-heads.ts";

/** Finds hints that were lost for those who follow runs. `sql` is a pool of the request role. */
export function createRunHints({ sql, ...options }: LostHintsOptions & { sql: Sql }) {
  return createLostHints({
    ...options,
    of: "runs",
    async readHeads(tenant, runIds) {
      const heads = await transaction(sql, { tenant }, (tx) => readHeads(tx, { runIds }));
      return new Map([...heads].map(([runId, { seq }]) => [runId, seq]));
    },
  });
}
