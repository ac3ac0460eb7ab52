import { CancelRunDocument, RunDetailDocument } from "@soma/graphql/operations";
import { newId } from "@soma/shared/ids";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProduct, type ProductUnderTest } from "../product.ts";
import { openDatabase, type ProductDatabase } from "../product-database.ts";

describe("an invocation of a run that has ended", () => {
  let product: ProductUnderTest;
  let database: ProductDatabase;

  beforeAll(async () => {
    product = await createProduct();
    await product.start();
    database = await openDatabase(product.dataDir);
  });
  afterAll(async () => {
    await database.close();
    await product.close();
  });

  const invocationsOf = async (id: string) => {
    const { run } = await product.client().request(RunDetailDocument, { id });
    return (run?.invocations?.nodes ?? []).map(({ status }) => status);
  };
  const beginCode = async () => {
    const runId = await product.send('Run code: await sleep(60000); console.log("slept")');
    await until("the code runs", async () => (await invocationsOf(runId))[0] === "RUNNING");
    return runId;
  };
  const cancel = (runId: string) =>
    product.client().request(CancelRunDocument, { input: { runId, idempotencyKey: newId() } });

  it("ends too, when nobody reached the tools while the run was canceled and the process died then", async () => {
    const runId = await beginCode();
    const table = await database.lock("tools.invocation", "access exclusive");
    await cancel(runId);
    await until("the run has ended without the tools", async () => {
      const rows = await database.sql`select from runs.run where run_id = ${runId} and finished_at is not null`;
      return rows.length === 1;
    });
    await product.kill();
    await table.release();
    await database.close();
    await product.start();
    database = await openDatabase(product.dataDir);
    expect((await product.ended(runId)).status).toBe("CANCELED");
    await until("nothing of it runs", async () => (await invocationsOf(runId))[0] !== "RUNNING");
    expect(await invocationsOf(runId)).toEqual(["CANCELED"]);
    const ends = await database.sql`select f.status from tools.stream_frame f
      join tools.invocation i using (tenant, invocation_id) where i.run_id = ${runId} and f.kind = 'end'`;
    expect(ends).toEqual([{ status: "INTERRUPTED" }]);
  });
});
