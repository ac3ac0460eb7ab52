import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { until } from "../testing/until.ts";
import { connect, type Sql } from "./connect.ts";
import { ping } from "./ping.ts";
import { createBreakableProxy } from "./testing/breakable-proxy.ts";
import { transaction } from "./transaction.ts";

describe("ping()", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase("ping", []);
  });
  afterAll(() => database.close());

  /** What the server itself says when a file cannot grow. */
  const findsNoRoom = (sql: Sql) =>
    transaction(sql, {}, (tx) =>
      tx.unsafe("do $$ begin raise exception 'could not extend file' using errcode = 'disk_full'; end $$"),
    );

  it("tells a disk on which a write just found no room, for every pool of the process, and for a while only", async () => {
    await expect(ping(database.owner)).resolves.toBeUndefined();
    await expect(findsNoRoom(database.owner)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      retryable: true,
      message: expect.stringContaining("the disk of the database is full"),
    });
    for (const sql of [database.owner, database.request])
      await expect(ping(sql)).rejects.toMatchObject({ publicMessage: "the disk of the database is full" });
    await until("it is asked anew", () => ping(database.owner).then(() => true));
  });

  it("waits no longer for its turn than until others are answered, and for as long as nobody is", async () => {
    const { url, schema } = { url: process.env.SOMA_TEST_DATABASE_URL ?? "", schema: "public" };
    const sql = connect({ url, schema, applicationName: "soma-test", max: 1 });
    const sleeping = (seconds: number) => transaction(sql, {}, (tx) => tx`select pg_sleep(${seconds})`);
    const over: string[] = [];
    const tell = (what: string) => () => void over.push(what);
    const one = sleeping(1.5).then(tell("the only one"));
    await Promise.all([one, ping(sql).then(tell("a ping that found nobody answered"))]);
    const many = Array.from({ length: 30 }, () => sleeping(0.1));
    await Promise.all([...many, ping(sql).then(tell("a ping")), many.at(-1)?.then(tell("the last of many"))]);
    expect(over).toEqual(["the only one", "a ping that found nobody answered", "a ping", "the last of many"]);
    await sql.end({ timeout: 1 });
  });

  it("names no host to strangers, and the whole cause to operators", async () => {
    const proxy = await createBreakableProxy(process.env.SOMA_TEST_DATABASE_URL ?? "");
    const sql = connect({ url: proxy.url, schema: "public", applicationName: "soma-test", max: 1 });
    await ping(sql);
    await proxy.refuse();
    const error = await until("it is noticed", () =>
      ping(sql).then(
        () => undefined,
        (reason: unknown) => reason as Error,
      ),
    );
    expect(error.message).not.toContain("127.0.0.1");
    expect(String(error.cause)).toContain("127.0.0.1");
    await proxy.accept();
    await until("it answers again", () => ping(sql).then(() => true));
    await sql.end({ timeout: 0 });
    await proxy.close();
  });
});
