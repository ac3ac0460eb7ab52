import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "@soma/shared/ids";
import { transaction } from "@soma/shared/postgres/transaction";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { databaseUrlOf } from "./data-folder.ts";
import { SomaSaver } from "./saver.ts";
import { setUp } from "./set-up.ts";
import { createStage, putNext, type Stage, threadOf } from "./testing/stage.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await createStage();
});
afterAll(async () => stage.close());

describe("setUp()", () => {
  it("makes a database ready, and is done when it is", async () => {
    const schema = `langgraph_${newId().slice(-8)}`;
    // In the test server each role's password is its name.
    const options = {
      url: stage.database.urls.owner,
      schema,
      passwords: { request: "soma_request", worker: "soma_worker" },
    };
    expect(await setUp(options)).toBe(1);
    expect(await setUp({ url: options.url, schema })).toBe(0);
    const saver = new SomaSaver({ url: stage.database.urls.request, tenant: "acme", schema });
    const config = await putNext(saver, threadOf("first"));
    expect(await saver.getTuple(config)).toBeDefined();
    await saver.close();
    await stage.database.owner.unsafe(`drop schema "${schema}" cascade`);
  });
});

describe("the tables", () => {
  it("are closed to another tenant, and to a connection without one", async () => {
    const { owner, request, schema } = stage.database;
    await putNext(stage.open(), threadOf("mine"));
    const tables = await owner<{ name: string; secured: boolean; forced: boolean }[]>`
      select c.relname as name, c.relrowsecurity as secured, c.relforcerowsecurity as forced from pg_class c
      where c.relnamespace = ${schema}::regnamespace and c.relkind = 'r' and c.relname <> 'migration'`;
    expect(tables).toHaveLength(5);
    for (const { name, secured, forced } of tables) expect([name, secured, forced]).toEqual([name, true, true]);
    for (const tenant of [{ tenant: "other" }, {}])
      expect(await transaction(request, tenant, (tx) => tx`select from checkpoint`)).toHaveLength(0);
    const forged = transaction(
      request,
      { tenant: "other" },
      (tx) => tx`insert into thread (tenant, thread_id, checkpoint_ns, head_id, writer)
        values ('acme', 'a', '', 'b', gen_random_uuid())`,
    );
    await expect(forged).rejects.toThrow(/row-level security/);
  });
});

describe("databaseUrlOf()", () => {
  it("finds the database of a data folder, and says when nothing runs there", async () => {
    const folder = await mkdtemp(join(tmpdir(), "soma-langgraph-"));
    await expect(databaseUrlOf(folder)).rejects.toThrow(`nothing runs on the data folder ${folder}`);
    await mkdir(join(folder, "pg"));
    await writeFile(join(folder, "pg/postmaster.pid"), "12\n/data\n1\n5499\n/tmp\n127.0.0.1\n 1 2\nready\n");
    await expect(databaseUrlOf(folder)).rejects.toThrow("nothing runs");
    await writeFile(join(folder, "secrets.json"), JSON.stringify({ postgres: { request: "a/b" } }));
    expect(await databaseUrlOf(folder)).toBe("postgres://soma_request:a%2Fb@127.0.0.1:5499/postgres");
    await rm(folder, { recursive: true });
  });
});
