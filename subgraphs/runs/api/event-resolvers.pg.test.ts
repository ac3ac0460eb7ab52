import { createRequestContext } from "@soma/shared/graphql/context";
import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import type { Sql, Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { aPrincipal } from "@soma/shared/testing/principals";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HistoryEvent } from "../domain/history.ts";
import { runsMigrations } from "../migrate.ts";
import { readHistory } from "../store/read-history.ts";
import { fillHistory, fillRuns } from "../testing/fill-runs.ts";
import { eventResolvers } from "./event-resolvers.ts";

/** A pool, and how many rows its queries have given. */
function countRows(sql: Sql): { sql: Sql; rows: () => number } {
  let rows = 0;
  /** A query that is a part of another one is never waited for. */
  function counted(query: ReturnType<Tx>) {
    const then = query.then.bind(query);
    return Object.assign(query, {
      // biome-ignore lint/suspicious/noThenProperty: the driver's queries are waited for by it
      then: ((given, failed) =>
        then((found) => {
          rows += found.length;
          return found;
        }).then(given, failed)) as typeof then,
    });
  }
  const counting = new Proxy(sql, {
    get(target, name) {
      if (name !== "reserve") return Reflect.get(target, name) as unknown;
      return async () =>
        new Proxy(await target.reserve(), {
          apply: (tx, self, args) => counted(Reflect.apply(tx, self, args) as ReturnType<Tx>),
        });
    },
  });
  return { sql: counting, rows: () => rows };
}

describe("RunEvent.step", () => {
  let database: TestDatabase;
  const STEPS = 40;
  let runId = "";
  let events: HistoryEvent[] = [];
  beforeAll(async () => {
    database = await createTestDatabase("runs", await runsMigrations());
    const { owner } = database;
    const of = { tenant: "acme", sessionId: newId("Session"), count: 1, fromMs: 1_000_000 };
    [runId = ""] = await fillRuns(owner, of);
    await fillHistory(owner, { runId, kind: "STEP_STARTED", from: 3, count: STEPS });
    events = await transaction(database.request, { tenant: "acme" }, (tx) =>
      readHistory(tx, { runId, afterSeq: 0, limit: 1_000 }),
    );
  });
  afterAll(() => database.close());

  // biome-ignore lint/suspicious/noExplicitAny: a resolver called by hand
  type Resolve = (event: HistoryEvent, args: object, context: unknown) => Promise<any>;
  /** As a subscription has it: one context for all of its frames. */
  function follow(sql: Sql) {
    const context = createRequestContext({ principal: aPrincipal(), requestId: "1", log: createSilentLog() });
    const step = eventResolvers(sql).RunEvent?.step as Resolve;
    return (event: HistoryEvent) => step(event, {}, context);
  }

  it("reads for each live event its own step, however many the run has", async () => {
    const { sql, rows } = countRows(database.request);
    const stepOf = follow(sql);
    const numbers = [];
    for (const event of events) numbers.push((await stepOf(event))?.number ?? null);
    expect(numbers).toEqual([null, null, ...Array.from({ length: STEPS }, (_, index) => index + 3)]);
    expect(rows()).toBe(STEPS);
  });

  it("tells how a step is now, in a context that saw it before", async () => {
    const stepOf = follow(database.request);
    const last = events.at(-1) as HistoryEvent;
    expect(await stepOf(last)).toMatchObject({ number: last.step, status: "RUNNING" });
    await database.owner`insert into journal (run_id, seq, tenant, epoch, branch, kind, step, node, node_type, attempt, at, payload, payload_hash, hash)
      select run_id, seq + 1, tenant, 0, 0, kind + 1, step, node, node_type, attempt, at, '{}', '', ''
        from journal where run_id = ${runId} and seq = ${last.seq}`;
    expect((await stepOf(last)).status).not.toBe("RUNNING");
  });
});
