import { setTimeout as sleep } from "node:timers/promises";
import { SomaError } from "../errors.ts";
import type { Sql } from "./connect.ts";
import { isKnownFull } from "./full-disk.ts";
import { wasAnsweredSince } from "./last-answer.ts";
import { whyUnavailable } from "./why-unavailable.ts";

/** Far shorter than a check may take (http/readiness.ts), as a machine on which many ask is slow in all it does. */
const PATIENCE_MS = 250;

/** Throws when the database does not answer, or could not write just now; the reason names no host. */
export async function ping(sql: Sql): Promise<void> {
  try {
    await ask(sql);
  } catch (cause) {
    const reason = whyUnavailable(cause, { asked: true }) ?? "the database cannot be used";
    throw new SomaError("UNAVAILABLE", reason, { cause });
  }
  if (isKnownFull(sql)) throw new SomaError("UNAVAILABLE", "the disk of the database is full");
}

/** Asks, and waits no longer for its turn on a pool that many use than until it is known that others are answered there. */
async function ask(sql: Sql): Promise<void> {
  const askedAt = performance.now();
  const answer = sql`select 1`.then(() => true);
  // Who no longer waits for it does not hear of its failure: the next one who asks does.
  answer.catch(() => {});
  const over = new AbortController();
  const patience = sleep(PATIENCE_MS, false, { signal: over.signal }).catch(() => false);
  const answered = await Promise.race([answer, patience]).finally(() => over.abort());
  if (!answered && !wasAnsweredSince(sql, askedAt)) await answer;
}
