import { newId } from "@soma/shared/ids";
import type { Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LinkPlace } from "../domain/link-cursor.ts";
import { memoryMigrations } from "../migrate.ts";
import { fillMemories } from "../testing/fill-memories.ts";
import { listEdgesOf } from "./list-edges-of.ts";
import { listMemoriesOf } from "./list-memories-of.ts";

const [runId, sessionId] = [newId("Run"), newId("Session")];
const place: LinkPlace = { createdUs: Date.now() * 1_000, relation: "about", targetId: newId("Memory") };
const DIRECTIONS = [{ backward: false }, { backward: true }];

describe("pages of memory", () => {
  let database: TestDatabase;
  let hub = "";

  beforeAll(async () => {
    database = await createTestDatabase("memory", await memoryMigrations());
    await fillMemories(database, { tenant: "acme", count: 2_000 });
    await fillMemories(database, { tenant: "other", count: 500 });
    const [row] = await database.owner`select memory_id as id from memory_item where tenant = 'acme'`;
    hub = row?.id as string;
    await database.owner`update memory_item set run_id = ${runId}, session_id = ${sessionId}`;
    await database.owner`insert into memory_edge (tenant, source_id, relation, target_id)
      select tenant, ${hub}, 'about', memory_id from memory_item where tenant = 'acme'`;
    await database.owner`analyze memory_item, memory_edge`;
  });
  afterAll(() => database.close());

  /** How Postgres reads what a verb asks for as a request: its plan, a line each. */
  const planOf = (verb: (tx: Tx) => Promise<unknown[]>): Promise<string> =>
    transaction(database.request, { tenant: "acme" }, async (tx) => {
      const explaining = new Proxy(tx, {
        apply(target, self, args) {
          const query = Reflect.apply(target, self, args);
          return String(args[0]).startsWith("select ") ? target`explain ${query}` : query;
        },
      });
      return (await verb(explaining)).map((line) => Object.values(line as object)[0]).join("\n");
    });

  it.each(DIRECTIONS)("of a run and of a session come from their index, backward $backward", async ({ backward }) => {
    const more = { after: newId("Memory", 1_000), before: newId("Memory"), backward, limit: 51 };
    const ofRun = await planOf((tx) => listMemoriesOf(tx, { by: "runId", owners: [runId], ...more }));
    expect(ofRun).toMatch(/Index Scan (Backward )?using memory_by_run /);
    expect(ofRun).toMatch(/Index Cond: .*run_id = asked.id.* AND \(memory_id > .* AND \(memory_id < /);
    const ofSession = await planOf((tx) => listMemoriesOf(tx, { by: "sessionId", owners: [sessionId], ...more }));
    expect(ofSession).toMatch(/Index Scan (Backward )?using memory_by_session /);
    expect(ofSession).toMatch(/Index Cond: .*session_id = asked.id.* AND \(memory_id > .* AND \(memory_id < /);
  });

  it.each(DIRECTIONS)("of links come from their index, backward $backward", async ({ backward }) => {
    const plan = await planOf((tx) =>
      listEdgesOf(tx, { owners: [hub], after: place, before: place, backward, limit: 51 }),
    );
    expect(plan).toMatch(/Index (Only )?Scan (Backward )?using memory_edge_in_order /);
    expect(plan).toMatch(/Index Cond: .*source_id = asked.id.* AND \(ROW\(created_at, relation, target_id\) > ROW/);
  });
});
