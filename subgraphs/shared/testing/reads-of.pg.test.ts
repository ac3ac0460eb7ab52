import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "./database.ts";
import { readsOf } from "./reads-of.ts";

const MADE = `create table thing (thing_id int primary key, kind text not null);
  insert into thing select n, case when n % 1000 = 0 then 'seldom' else 'often' end from generate_series(1, 20000) n;
  create function seldom() returns bigint language sql stable as $$ select count(*) from thing where kind = 'seldom' $$;
  analyze thing; grant select on thing to soma_request`;

describe("readsOf()", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase("reads", [{ name: "0001-thing", sql: MADE }]);
  });
  afterAll(() => database.close());

  const reads = (verb: Parameters<typeof readsOf>[2]) => readsOf(database.request, { tenant: "acme" }, verb);

  it("counts what an index gives", async () => {
    const { rows, pages, scans } = await reads(
      (tx) => tx`select * from thing where thing_id > ${100} order by thing_id limit 10`,
    );
    expect(rows).toBeLessThanOrEqual(11);
    expect(pages).toBeLessThan(10);
    expect(scans).toBe(0);
  });

  it("counts what is read to be sorted or thrown away, also inside a function", async () => {
    expect(await reads((tx) => tx`select * from thing order by kind, thing_id limit 1`)).toMatchObject({
      rows: 20_000,
      scans: 1,
    });
    expect(await reads((tx) => tx`select * from thing order by thing_id offset 10000 limit 1`)).toMatchObject({
      scans: 0,
    });
    expect((await reads((tx) => tx`select * from thing order by thing_id offset 10000 limit 1`)).rows).toBeGreaterThan(
      10_000,
    );
    expect(await reads((tx) => tx`select seldom()`)).toMatchObject({ rows: 20_000, scans: 1 });
  });
});
