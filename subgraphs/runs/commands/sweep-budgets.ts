import { counter } from "@soma/shared/metrics";
import type { Sql } from "@soma/shared/postgres/connect";
import { statement } from "@soma/shared/postgres/statement";
import { listOrphanedTenants } from "../store/list-orphaned-tenants.ts";
import { sweepBudget } from "../store/sweep-budget.ts";

const swept = counter("soma_budget_reservations_swept_total", "Reservations of calls that nobody made any more", []);

/**
 * What gives back reservations whose process died; one round goes through all tenants that have any. `sql` is a pool of
 * the worker role.
 */
export function createSweep(sql: Sql): () => Promise<boolean> {
  return async () => {
    for (const tenant of await listOrphanedTenants(sql))
      swept.inc(await statement(sql, (tx) => sweepBudget(tx, { tenant })));
    return false;
  };
}
