import { newId } from "@soma/shared/ids";
import type { Tx } from "@soma/shared/postgres/connect";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { readsOf } from "@soma/shared/testing/reads-of";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LinkPlace } from "../domain/link-cursor.ts";
import { memoryMigrations } from "../migrate.ts";
import { fillMemories } from "../testing/fill-memories.ts";
import { findMemories } from "./find-memories.ts";
import { findMemoryCall } from "./find-memory-call.ts";
import { listEdgesOf } from "./list-edges-of.ts";
import { listMemoriesOf } from "./list-memories-of.ts";
import { listMemoriesOfKeyBase } from "./list-memories-of-key-base.ts";

const PAGE = 51;
const AT = 1_700_000_000_000;
const COUNT = 16_000;
const DIRECTIONS = [{ backward: false }, { backward: true }];
const busy = { runId: newId("Run"), sessionId: newId("Session") };
const resting = { runId: newId("Run"), sessionId: newId("Session") };

/** Twenty thousand memories of one tenant, most of them of one session, and one that is linked to most others. */
describe("pages of memory", () => {
  let database: TestDatabase;
  let ids: string[] = [];
  let hub = "";
  let quiet = "";

  beforeAll(async () => {
    database = await createTestDatabase("memory", await memoryMigrations());
    const { owner } = database;
    // What is listed is not searched.
    await owner`drop index memory_words, memory_spelling`;
    const [first = ""] = await fillMemories(database, {
      tenant: "acme",
      ...resting,
      count: 4_000,
      fromMs: AT - 20_000,
    });
    ids = await fillMemories(database, { tenant: "acme", ...busy, count: COUNT, fromMs: AT });
    await fillMemories(database, { tenant: "other", count: 2_000, fromMs: AT });
    [hub = ""] = ids;
    quiet = first;
    for (const [source, count] of [
      [hub, COUNT],
      [quiet, 3],
    ] as const)
      await owner`insert into memory_edge (tenant, source_id, relation, target_id, created_at)
        select 'acme', ${source}, 'about', id, to_timestamp((${AT}::float8 + n) / 1000)
          from unnest(${ids.slice(0, count)}::uuid[]) with ordinality t(id, n)`;
    await owner`analyze memory_item, memory_edge`;
  }, 60_000);
  afterAll(() => database.close());

  const expectFew = async (verb: (tx: Tx) => Promise<unknown>): Promise<void> => {
    const read = await readsOf(database.request, { tenant: "acme" }, verb);
    expect(read.scans).toBe(0);
    expect(read.rows).toBeLessThan(8 * PAGE);
    expect(read.pages).toBeLessThan(16 * PAGE);
  };

  it.each(DIRECTIONS)("of runs and of sessions read their own rows, backward $backward", async ({ backward }) => {
    for (const by of ["runId", "sessionId"] as const)
      for (const owners of [[busy[by]], [resting[by]], [busy[by], resting[by]], [newId()]])
        for (const [after, before] of [
          [undefined, undefined],
          [ids[500], undefined],
          [undefined, ids[15_000]],
          [ids[500], ids[15_000]],
        ])
          await expectFew((tx) => listMemoriesOf(tx, { by, owners, after, before, backward, limit: PAGE }));
  });

  it.each(DIRECTIONS)("of links read their own rows, backward $backward", async ({ backward }) => {
    const place = (n: number): LinkPlace => ({
      createdUs: (AT + n) * 1_000,
      relation: "about",
      targetId: ids[n] ?? "",
    });
    for (const owners of [[hub], [quiet], [hub, quiet], [newId()]])
      for (const [after, before] of [
        [undefined, undefined],
        [place(500), undefined],
        [undefined, place(15_000)],
        [place(500), place(15_000)],
      ])
        await expectFew((tx) => listEdgesOf(tx, { owners, after, before, backward, limit: PAGE }));
  });

  it("what is named is found by its key", async () => {
    const [row] = await database.owner<
      { base: string }[]
    >`select idem_key_base as base from memory_item where memory_id = ${hub}`;
    const key = { tenant: "acme", namespace: "default", idemKeyBase: row?.base ?? "" };
    await expectFew((tx) => listMemoriesOfKeyBase(tx, key));
    await expectFew((tx) => findMemoryCall(tx, { tenant: "acme", callKey: "k" }));
    await expectFew((tx) => findMemories(tx, { memoryIds: ids.slice(0, PAGE) }));
  });
});
