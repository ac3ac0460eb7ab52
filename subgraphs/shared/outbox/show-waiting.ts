import type { Log } from "../log.ts";
import { gauge } from "../metrics.ts";
import type { OpenTransaction } from "./store/find-open-transaction.ts";

const pending = gauge("outbox_pending_rows", "Events that wait to be published, counted up to 10 000", ["schema"]);
const oldest = gauge("outbox_oldest_age_seconds", "Age of the oldest event that waits", ["schema"]);
const dead = gauge("outbox_dead_rows", "Events that were parked, counted up to 10 000", ["schema"]);
const blocked = gauge(
  "outbox_blocking_transaction_age_seconds",
  "Age of the open transaction that events have waited for; 0 when they wait for none",
  ["schema"],
);

/** Events wait for whatever commits just now; what takes longer than this a person should know of. */
export const LONG_WAIT_S = 5;
const WARN_EVERY_MS = 60_000;

/** What waits at a source, and for whom. */
export interface Waiting {
  rows: number;
  /** Of the oldest, in seconds. */
  ageS: number;
  /** Events that were parked. */
  dead: number;
  /** The transaction that events have waited for longer than LONG_WAIT_S. */
  open?: (OpenTransaction & { ageS: number }) | undefined;
}

/** Tells metrics and the log what waits. Of one open transaction the log hears once a minute. */
export function createWaitingGauges(schema: string, log: Log): { show(waiting: Waiting): void } {
  let warned: { pid: number | null; at: number } | undefined;
  return {
    show({ rows, ageS, dead: parked, open }) {
      pending.set({ schema }, rows);
      oldest.set({ schema }, ageS);
      dead.set({ schema }, parked);
      blocked.set({ schema }, open?.ageS ?? 0);
      if (open === undefined || open.ageS < LONG_WAIT_S) return;
      const now = performance.now();
      if (warned?.pid === open.pid && now - warned.at < WARN_EVERY_MS) return;
      warned = { pid: open.pid, at: now };
      log.warn(
        { schema, rows, pid: open.pid, applicationName: open.applicationName, ageS: Math.round(open.ageS) },
        "events wait for a transaction that is still open",
      );
    },
  };
}
