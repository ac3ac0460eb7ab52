import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSilentLog } from "../log.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { until } from "../testing/until.ts";
import { createNotifiedWakeUp } from "./notified-wake-up.ts";

describe("createNotifiedWakeUp()", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase("wake_up", []);
  });
  afterAll(() => database.close());
  const create = () => createNotifiedWakeUp({ sql: database.worker, schema: database.schema, log: createSilentLog() });

  it("tells everybody that hints may have been lost when its connection is new, and hears again", async () => {
    const [here, there] = [await create(), await create()];
    const heard: string[] = [];
    here.on("run", () => heard.push("run"));
    there.changed("run");
    await until("the hint came", () => heard.length === 1);
    const cut = await database.owner`select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = ${`${database.schema}-worker`}`;
    expect(cut.length).toBeGreaterThan(0);
    await until("the new connection told it", () => heard.length >= 2);
    const before = heard.length;
    await until("hints come again", () => {
      there.changed("run");
      return heard.length > before;
    });
    await here.close();
    await there.close();
  });
});
