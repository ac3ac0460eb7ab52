import type { Log } from "@soma/shared/log";
import { type Loop, startLoop } from "@soma/shared/loop";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import type { WakeUp } from "@soma/shared/wake-up";
import { readHeads } from "../store/read-heads.ts";

export interface LostHints {
  /** Looks after a run for one who follows it, until the function is called. */
  watch(tenant: string, runId: string): () => void;
}

interface LostHintsOptions {
  /** A pool of the request role. */
  sql: Sql;
  wakeUp: WakeUp;
  log: Log;
  /** Milliseconds between two looks, give or take a quarter; a lost hint costs no more. */
  everyMs?: number;
}

/** Runs that are looked after, each for as many as follow it, with how it was at the last look. */
type Watched = Map<string, { followers: number; headSeq: number }>;

const EVERY_MS = 20_000;

/**
 * Finds hints that were lost, for all who follow runs in this process at once: one statement for each tenant, whoever and
 * however many they are, and none where nobody follows anything. A run that has moved since the last look is hinted again; so
 * is one that is looked at for the first time, because what its followers missed until then is not known.
 */
export function createLostHints(options: LostHintsOptions): LostHints & Pick<Loop, "check" | "close"> {
  const { sql, wakeUp, log, everyMs = EVERY_MS } = options;
  const tenants = new Map<string, Watched>();

  async function look(tenant: string, watched: Watched): Promise<void> {
    const runIds = [...watched.keys()];
    const heads = await transaction(sql, { tenant }, (tx) => readHeads(tx, { runIds }));
    for (const [runId, { seq }] of heads) {
      const entry = watched.get(runId);
      if (entry === undefined || entry.headSeq === seq) continue;
      entry.headSeq = seq;
      wakeUp.changed(runId);
    }
  }

  const loop = startLoop({ name: "lost hints of runs", intervalMs: everyMs, log }, async () => {
    for (const [tenant, watched] of [...tenants]) await look(tenant, watched);
    return false;
  });

  return {
    watch(tenant, runId) {
      const watched = tenants.get(tenant) ?? new Map();
      tenants.set(tenant, watched);
      const entry = watched.get(runId) ?? { followers: 0, headSeq: 0 };
      watched.set(runId, entry);
      entry.followers += 1;
      return () => {
        entry.followers -= 1;
        if (entry.followers === 0) watched.delete(runId);
        if (watched.size === 0) tenants.delete(tenant);
      };
    },
    check: loop.check,
    close: loop.close,
  };
}
