import { backoffMs } from "@soma/shared/backoff";
import { newId } from "@soma/shared/ids";
import type { Log } from "@soma/shared/log";
import { counter, gauge } from "@soma/shared/metrics";
import type { Sql } from "@soma/shared/postgres/connect";
import {
  type BrainState,
  type Health,
  isProof,
  judge,
  LIMITS,
  nextHealth,
  type Probe,
} from "../domain/brain-health.ts";
import type { SomaBrain } from "../somabrain/somabrain.ts";
import { claimSync, releaseSync } from "../store/claim-sync.ts";
import { keepSyncState } from "../store/keep-sync-state.ts";
import { measureUnsynced } from "../store/measure-unsynced.ts";
import { putOffUnsynced, settleUnsynced } from "../store/settle-unsynced.ts";
import { takeUnsynced } from "../store/take-unsynced.ts";
import { type Outcome, writeAll } from "./write-all.ts";

/** Longer than the longest wait, and a round of writes that hang after it. */
const LEASE_S = 60;
const BACKOFF = { initialMs: 500, maxMs: 30_000 };

const healthState = gauge("somabrain_health_state", "1 for the state that SomaBrain is in, 0 for the others", [
  "state",
]);
const concurrency = gauge(
  "somabrain_outbox_flush_concurrency",
  "Writes to SomaBrain that may be under way at once",
  [],
);
const breakerSeen = counter("somabrain_requests_breaker_open_total", "Writes refused because its breaker was open", []);
const waiting = gauge("memory_unsynced_rows", "Memories of which SomaBrain gave no proof, counted up to 10 000", []);
const refused = gauge("memory_refused_rows", "Of those, memories that it refuses, counted up to 10 000", []);
const oldest = gauge("memory_unsynced_oldest_age_seconds", "Age of the oldest memory without its proof", []);

export interface SyncDeps {
  /** A pool of the worker role. */
  sql: Sql;
  brain: SomaBrain;
  log: Log;
  /** Milliseconds of a clock that never goes back. */
  clock?: () => number;
  random?: () => number;
}

export interface Sync {
  /** One round: claim, probe, write, probe, settle. True when more may wait. */
  tick(): Promise<boolean>;
  release(): Promise<void>;
}

/**
 * Brings memories to SomaBrain, oldest first, one process at a time. It acknowledges writes that it loses: a memory is taken out
 * when it was acknowledged between two probes that both said that its store answers; until then it is written again, under the
 * same key. While it is degraded there is one small write at a time, and while it is down there are probes alone.
 */
export function createSync({ sql, brain, log, clock = () => performance.now(), random = Math.random }: SyncDeps): Sync {
  const owner = newId();
  let health: Health | undefined;
  let fault: string | null = null;
  let breakerAt = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let notBefore = Number.NEGATIVE_INFINITY;

  async function look(): Promise<Probe> {
    const probe = await brain.probe();
    const before = health?.state;
    health = nextHealth(health, judge(probe, clock() - breakerAt));
    fault = "fault" in probe ? probe.fault : null;
    show(health.state);
    if (before !== health.state) log.warn({ from: before, to: health.state, fault }, "SomaBrain is in another state");
    return probe;
  }

  /** Nothing is asked for so long: ever longer, and at random, since others wait too. */
  function rest(atLeastMs = 0): void {
    failures += 1;
    notBefore = clock() + backoffMs({ ...BACKOFF, minMs: Math.min(atLeastMs, BACKOFF.maxMs) }, failures, random());
  }

  async function keep(state: BrainState): Promise<void> {
    await keepSyncState(sql, { owner, state, dialect: brain.dialect() ?? null, fault });
    const { rows, refused: refusedRows, ageS } = await measureUnsynced(sql);
    waiting.set(rows);
    refused.set(refusedRows);
    oldest.set(ageS);
  }

  /** What was acknowledged counts only when its store answered before and after. */
  async function settle(outcomes: readonly Outcome[], isProved: boolean): Promise<boolean> {
    const taken = outcomes.filter(({ written }) => written.acknowledged);
    const others = outcomes.flatMap(({ memory, written }) => (written.acknowledged ? [] : [{ ...memory, ...written }]));
    if (others.some(({ breakerOpen }) => breakerOpen)) {
      breakerAt = clock();
      breakerSeen.inc(others.filter(({ breakerOpen }) => breakerOpen).length);
    }
    if (isProved) await settleUnsynced(sql, { proved: taken.map(({ memory }) => memory) });
    await putOffUnsynced(sql, {
      refused: others.filter((each) => each.refused).map(({ reason, ...place }) => ({ ...place, fault: reason })),
    });
    const unsure = others.filter((each) => !each.refused);
    if (isProved && unsure.length === 0) {
      failures = 0;
      return true;
    }
    fault = unsure[0]?.reason ?? "it acknowledged writes while its store did not answer";
    rest(Math.max(0, ...unsure.map(({ retryAfterMs }) => retryAfterMs ?? 0)));
    return false;
  }

  return {
    release: () => releaseSync(sql, { owner }),
    async tick() {
      if (clock() < notBefore || !(await claimSync(sql, { owner, leaseS: LEASE_S }))) return false;
      const before = await look();
      const state = health?.state ?? "DOWN";
      const limits = LIMITS[state];
      if (limits.concurrency === 0) {
        // A better probe is followed by the next one soon.
        if ("fault" in before) rest();
        await keep(state);
        return false;
      }
      const rows = await takeUnsynced(sql, { limit: limits.concurrency * limits.batch });
      if (rows.length === 0) {
        await keep(state);
        return false;
      }
      const outcomes = await writeAll(brain, rows, limits);
      const went = await settle(outcomes, isProof(before) && isProof(await look()));
      await keep(health?.state ?? state);
      return went && rows.length === limits.concurrency * limits.batch;
    },
  };
}

function show(state: BrainState): void {
  for (const each of Object.keys(LIMITS)) healthState.set({ state: each.toLowerCase() }, each === state ? 1 : 0);
  concurrency.set(LIMITS[state].concurrency);
}
