import type { Sql } from "@soma/shared/postgres/connect";
import { withWhole } from "./find-values.ts";
import type { StoredEvent } from "./select-published.ts";

/** Puts what was answered in the place of what refers to it, where an answer is large; by one statement for all. */
export async function completeAnswers(sql: Sql, { events }: { events: readonly StoredEvent[] }): Promise<void> {
  const large = events.filter(({ kind, bigOf }) => kind === "RUN_SUCCEEDED" && bigOf !== null);
  const whole = await withWhole(sql, {
    rows: large,
    field: "payload",
    nameOf: ({ runId, seq }) => `event ${seq} of run ${runId}`,
  });
  for (const [at, event] of large.entries()) event.payload = whole[at]?.payload ?? event.payload;
}
