import type { Log } from "@soma/shared/log";
import { type Loop, startLoop } from "@soma/shared/loop";
import type { Sql } from "@soma/shared/postgres/connect";
import { listOpenForgettings } from "../store/list-open-forgettings.ts";
import { carryOutForgetting } from "./carry-out-forgetting.ts";

const INTERVAL_MS = 1_000;
const MAX_IDLE_MS = 15_000;
const ORDERS = 20;

/**
 * Goes on with what was ordered to be forgotten and left, as by a process that died. Several share the work by a lock; an
 * order that fails keeps none of the others.
 */
export function startForgetting(deps: { sql: Sql; now(): Date; log: Log }): Loop {
  const { sql, log } = deps;
  return startLoop({ name: "memory-forgetting", intervalMs: INTERVAL_MS, maxIdleMs: MAX_IDLE_MS, log }, async () => {
    const open = await listOpenForgettings(sql, { limit: ORDERS });
    let fault: unknown;
    for (const order of open) {
      try {
        await carryOutForgetting(deps, order);
      } catch (error) {
        log.error({ err: error, ...order }, "an order to forget could not be carried on; it is tried again");
        fault = error;
      }
    }
    if (fault !== undefined) throw fault;
    return open.length > 0;
  });
}
