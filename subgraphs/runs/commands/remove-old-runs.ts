import { keptMs, limitsOf, type TenantsConf } from "@soma/conf/tenants";
import type { Log } from "@soma/shared/log";
import { counter } from "@soma/shared/metrics";
import type { Sql, Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { deleteRetired } from "../store/delete-retired.ts";
import { erasePayloads } from "../store/erase-payloads.ts";
import { listOpenErasures } from "../store/list-open-erasures.ts";
import { listTenants } from "../store/list-tenants.ts";
import { lockRetention } from "../store/lock-retention.ts";
import { type RetirePlace, retireRuns } from "../store/retire-runs.ts";

/** Trees of runs that one transaction looks at, and rows of histories that it deletes or erases. */
const TREES = 100;
const ROWS = 5_000;
const ERASURES = 10;

const removed = counter("soma_runs_removed_total", "Runs that went away by their age", []);

export interface RemoveOldRunsDeps {
  /** A pool of the worker role. */
  sql: Sql;
  tenants: TenantsConf;
  log: Log;
  now(): Date;
}

/**
 * What removes runs that are older than their tenant keeps them, and finishes erasures that were left; one round has so much to
 * do for each tenant, and gives true when more waits. Of two workers one does it. Where it stands within a tenant is kept
 * between rounds alone: what is in the way there, such as held runs, is passed over, and looked at again the next time round.
 */
export function createRemoval(deps: RemoveOldRunsDeps): () => Promise<boolean> {
  const places = new Map<string, RetirePlace>();
  return async () => {
    let more = false;
    for (const { tenant, runId } of await listOpenErasures(deps.sql, { limit: ERASURES }))
      if (await attempt(deps, tenant, (tx) => erasePayloads(tx, { runId, limit: ROWS }))) more = true;
    for (const tenant of await listTenants(deps.sql))
      if (await attempt(deps, tenant, (tx) => removeSome(tx, deps, tenant, places))) more = true;
    return more;
  };
}

/** What fails for one tenant is looked at by a person, and keeps nothing of another one's from going on. */
async function attempt(
  { sql, log }: RemoveOldRunsDeps,
  tenant: string,
  work: (tx: Tx) => Promise<boolean>,
): Promise<boolean> {
  try {
    return await transaction(sql, { tenant }, work);
  } catch (error) {
    log.error({ err: error, tenant }, "runs of this tenant could not be removed or erased; it is tried again");
    return false;
  }
}

async function removeSome(
  tx: Tx,
  { tenants, log, now }: RemoveOldRunsDeps,
  tenant: string,
  places: Map<string, RetirePlace>,
): Promise<boolean> {
  if (!(await lockRetention(tx))) return false;
  const kept = keptMs(limitsOf(tenants, tenant));
  if (kept === undefined) return deleteRetired(tx, { limit: ROWS });
  const before = new Date(now().getTime() - kept);
  const { runs, place } = await retireRuns(tx, { before, limit: TREES, place: places.get(tenant) });
  if (place === undefined) places.delete(tenant);
  else places.set(tenant, place);
  if (runs > 0) {
    removed.inc(runs);
    log.info({ tenant, runs, ended_before: before.toISOString() }, "runs went away by their age");
  }
  const rows = await deleteRetired(tx, { limit: ROWS });
  return rows || place !== undefined;
}
