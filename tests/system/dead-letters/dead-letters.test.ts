import { newId } from "@soma/shared/ids";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProduct, type ProductUnderTest } from "../product.ts";
import { openDatabase, type ProductDatabase } from "../product-database.ts";

interface Letter {
  id: string;
  service: string;
  key: string;
  reason: string;
}

describe("an event that cannot be delivered waits for a person", () => {
  let product: ProductUnderTest;
  let database: ProductDatabase;
  beforeAll(async () => {
    product = await createProduct();
    await product.start();
    database = await openDatabase(product.dataDir, "runs");
  });
  afterAll(async () => {
    await database.close();
    await product.close();
  });

  const list = async (): Promise<Letter[]> =>
    JSON.parse((await product.soma("outbox", "dead", "list", "--json")).stdout) as Letter[];
  const spansOf = (runId: string, spanId: string) =>
    database.sql`update runs.journal set payload = payload || ${database.sql.json({ spanId })}
      where run_id = ${runId} and kind = 11 and step = 1`;

  it("with its run, which goes on in order after `soma outbox retry`", async () => {
    const { sql } = database;
    // Another relay has the lease until the history is broken.
    await sql`update runs.relay_cursor set owner = ${newId()}, fence = fence + 1, expires_at = 'infinity'`;
    const runId = await product.send("What is 6*7?");
    await product.ended(runId);
    const broken = await spansOf(runId, "not a span");
    expect(broken.count).toBe(1);
    await sql`update runs.relay_cursor set expires_at = '-infinity'`;
    const letter = await until("the letter is there", async () => (await list())[0], 20_000);
    expect(letter).toMatchObject({ service: "runs", key: runId, reason: expect.stringContaining("/span_id") });
    const status = JSON.parse((await product.soma("outbox", "status", "--json")).stdout) as object[];
    expect(status[0]).toMatchObject({ service: "runs", deadLetters: 1, parkedKeys: 1 });
    expect((await product.soma("outbox", "dead", "show", letter.id)).stdout).toContain("not a span");

    await spansOf(runId, "0123456789abcdef");
    expect(await product.soma("outbox", "retry", letter.id)).toMatchObject({ code: 0 });
    await until("nothing of the run waits", async () => (await sql`select from runs.relay_held`).length === 0, 20_000);
    expect(await list()).toEqual([]);
    expect(await product.soma("outbox", "retry", letter.id)).toMatchObject({
      ...{ code: 1, stderr: expect.stringContaining("waits for a person") },
    });
  });

  it("and is gone after `soma outbox discard`, with who did it and why", async () => {
    const id = newId();
    const { sql } = database;
    const [own] = await sql<{ tenant: string }[]>`select tenant from runs.run limit 1`;
    const tenant = own?.tenant ?? "";
    await sql`insert into policy.outbox (bucket, tenant, topic, key, event_id, type, payload, headers)
      values (0, ${tenant}, ${`soma.${tenant}.agent.audit.v1`}, ${tenant}, ${id}, 'agent.audit.v1', '{}',
        ${sql.json({ ce_id: id, ce_type: "agent.audit.v1", ce_tenant: tenant })})`;
    await until("the letter is there", async () => (await list()).some((letter) => letter.id === id), 20_000);
    const missing = await product.soma("outbox", "discard", id);
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining("--reason") });
    expect(await product.soma("outbox", "discard", id, "--reason", "case 7")).toMatchObject({ code: 0 });
    expect(await list()).toEqual([]);
    expect((await product.soma("outbox", "dead", "list", "--decided")).stdout).toMatch(
      new RegExp(`${id} +policy +agent.audit.v1 +discard .*case 7`),
    );
    await until("its row is gone", async () => (await sql`select from policy.outbox_dead`).length === 0, 20_000);
  });
});
