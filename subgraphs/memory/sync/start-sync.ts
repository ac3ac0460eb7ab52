import type { Log } from "@soma/shared/log";
import { type Loop, startLoop } from "@soma/shared/loop";
import type { Sql } from "@soma/shared/postgres/connect";
import { createSomaBrain } from "../somabrain/create-somabrain.ts";
import { createSync } from "./sync-memories.ts";

const INTERVAL_MS = 1_000;
const MAX_IDLE_MS = 5_000;

interface StartSyncDeps {
  /** A pool of the worker role. */
  sql: Sql;
  log: Log;
  somaBrainUrl: string;
  somaBrainKey: string;
}

/** Brings memories to the SomaBrain at that address, for as long as it is not closed. */
export function startSync({ sql, log, ...place }: StartSyncDeps): Loop {
  const sync = createSync({ sql, brain: createSomaBrain(place), log });
  const loop = startLoop({ name: "somabrain-sync", intervalMs: INTERVAL_MS, maxIdleMs: MAX_IDLE_MS, log }, () =>
    sync.tick(),
  );
  return {
    ...loop,
    async close() {
      await loop.close();
      await sync.release().catch((error: unknown) => log.warn({ err: error }, "a lease runs out by itself"));
    },
  };
}
