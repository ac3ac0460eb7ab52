import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { connect } from "./connect.ts";
import { readSharedMigrations } from "./migrate.ts";
import { transaction } from "./transaction.ts";

describe("transaction()", () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase("transaction", [
      ...(await readSharedMigrations()),
      {
        name: "test/0001",
        sql: `create table thing (tenant text not null, name text not null, primary key (tenant, name));
          alter table thing enable row level security; alter table thing force row level security;
          create policy tenant_rows on thing to soma_request using (tenant = current_setting('soma.tenant', true)) with check (tenant = current_setting('soma.tenant', true));
          grant select, insert on thing to soma_request;
          create table doomed (name text not null);
          create function end_connection() returns trigger language plpgsql as
            'begin perform pg_terminate_backend(pg_backend_pid()); return null; end';
          create constraint trigger at_commit after insert on doomed deferrable initially deferred
            for each row execute function end_connection();`,
      },
    ]);
  });
  afterAll(() => database.close());

  it("shows a tenant its own rows and no other's", async () => {
    await transaction(database.request, { tenant: "acme" }, (tx) => tx`insert into thing values ('acme', 'a')`);
    expect(await transaction(database.request, { tenant: "acme" }, (tx) => tx`select name from thing`)).toHaveLength(1);
    expect(await transaction(database.request, { tenant: "other" }, (tx) => tx`select name from thing`)).toHaveLength(
      0,
    );
    expect(await transaction(database.request, {}, (tx) => tx`select name from thing`)).toHaveLength(0);
  });

  it("refuses a row of another tenant", async () => {
    await expect(
      transaction(database.request, { tenant: "other" }, (tx) => tx`insert into thing values ('acme', 'b')`),
    ).rejects.toThrow(/row-level security/);
  });

  it("refuses a tenant that is not a slug", async () => {
    await expect(transaction(database.request, { tenant: "a'; drop table thing" }, async () => 1)).rejects.toThrow(
      /tenant/,
    );
  });

  it("takes everything back when the work throws, and keeps strangers' statements out", async () => {
    const failing = transaction(database.request, { tenant: "acme" }, async (tx) => {
      await tx`insert into thing values ('acme', 'lost')`;
      throw new Error("no");
    });
    const others = Array.from({ length: 20 }, (_, i) =>
      transaction(database.request, { tenant: "acme" }, (tx) => tx`insert into thing values ('acme', ${`kept-${i}`})`),
    );
    await expect(failing).rejects.toThrow("no");
    await Promise.all(others);
    const rows = await transaction(
      database.request,
      { tenant: "acme" },
      (tx) => tx<{ name: string }[]>`select name from thing where name like 'kept%' or name = 'lost'`,
    );
    expect(rows.map((row) => row.name)).not.toContain("lost");
    expect(rows).toHaveLength(20);
  });

  it("tells a connection that was lost as UNAVAILABLE, with the cause, and its pool goes on", async () => {
    const lost = transaction(database.owner, {}, (tx) => tx`select pg_terminate_backend(pg_backend_pid())`);
    await expect(lost).rejects.toMatchObject({
      code: "UNAVAILABLE",
      retryable: true,
      message: expect.stringContaining("the transaction was taken back; try again"),
      cause: expect.objectContaining({ code: expect.any(String) }),
    });
    expect(await transaction(database.owner, {}, (tx) => tx`select 1 as one`)).toEqual([{ one: 1 }]);
  });

  it("says that the outcome is not known when the connection is lost in the commit", async () => {
    await expect(transaction(database.owner, {}, (tx) => tx`insert into doomed values ('a')`)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("whether it did is not known"),
    });
    expect(await database.owner`select 1 from doomed`).toHaveLength(0);
  });

  it("tells a server that is not there as UNAVAILABLE", async () => {
    const nowhere = connect({ url: "postgres://a:b@127.0.0.1:1/c", schema: "a", applicationName: "nowhere", max: 1 });
    const refused = { code: "UNAVAILABLE", message: "the database refuses connections; try again" };
    await expect(transaction(nowhere, {}, (tx) => tx`select 1`)).rejects.toMatchObject(refused);
    await nowhere.end({ timeout: 0 });
  });
});
