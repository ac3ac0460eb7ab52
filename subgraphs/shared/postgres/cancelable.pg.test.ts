import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requestSignal, withRequestSignal } from "../request-signal.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { until } from "../testing/until.ts";
import { connect, type Sql, type Tx } from "./connect.ts";
import { transaction } from "./transaction.ts";

const CANCELED = { code: "CANCELED" };

describe("transaction() of a request", () => {
  let database: TestDatabase;
  let sql: Sql;
  beforeAll(async () => {
    database = await createTestDatabase("cancelable", []);
    sql = connect({ url: database.urls.request, schema: database.schema, applicationName: "test-cancel", max: 1 });
  });
  afterAll(async () => {
    await sql.end({ timeout: 1 });
    await database.close();
  });

  async function statements(): Promise<number> {
    const [row] = await database.owner<{ count: number }[]>`select count(*)::int as count from pg_stat_activity
      where application_name = 'test-cancel' and state = 'active'`;
    return row?.count ?? -1;
  }
  /** A transaction in the name of a request that can leave. */
  function request(work: (tx: Tx) => Promise<unknown>) {
    const controller = new AbortController();
    const outcome = withRequestSignal(controller.signal, () => transaction(sql, { tenant: "acme" }, work));
    outcome.catch(() => {});
    return { leave: () => controller.abort(), outcome };
  }

  it("cancels its statement when nobody waits any more, and gives its connection back", async () => {
    const { leave, outcome } = request((tx) => tx`select pg_sleep(60)`);
    await until("the statement runs", async () => (await statements()) === 1);
    leave();
    await expect(outcome).rejects.toMatchObject(CANCELED);
    expect(await statements()).toBe(0);
    expect(await transaction(sql, {}, (tx) => tx`select 1 as one`)).toMatchObject([{ one: 1 }]);
  });

  it("asks nothing more between two statements, and nothing at all when it comes too late", async () => {
    let asked = 0;
    const { leave, outcome } = request(async (tx) => {
      await tx.unsafe("select 1");
      leave();
      asked += 1;
      await tx`select 2`;
      asked += 1;
    });
    await expect(outcome).rejects.toMatchObject(CANCELED);
    expect(asked).toBe(1);
    const late = withRequestSignal(AbortSignal.abort(), () =>
      transaction(sql, { tenant: "acme" }, async () => "begun"),
    );
    await expect(late).rejects.toMatchObject(CANCELED);
  });

  it("cancels no statement of whoever has the connection next", async () => {
    for (let round = 0; round < 60; round += 1) {
      const { leave, outcome } = request((tx) => tx`select pg_sleep(0.002)`);
      const next = transaction(sql, {}, (tx) => tx`select pg_sleep(0.002), 1 as one`);
      await new Promise((resolve) => setTimeout(resolve, round % 6));
      leave();
      await outcome.catch(() => {});
      expect(await next).toMatchObject([{ one: 1 }]);
    }
  });

  it("leaves work of nobody's request alone", () => {
    expect(requestSignal()).toBeUndefined();
  });
});
