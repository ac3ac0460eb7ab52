import { newId } from "@soma/shared/ids";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { aPrincipal } from "@soma/shared/testing/principals";
import { type Reads, readsOf } from "@soma/shared/testing/reads-of";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { remember } from "../../commands/remember.ts";
import { memoryMigrations } from "../../migrate.ts";
import { searchMemories } from "../../store/search-memories.ts";
import { fillMemories } from "../../testing/fill-memories.ts";
import type { RecallParams } from "../recall-port.ts";
import { createLocalBrain } from "./local-brain.ts";

const now = () => new Date();
const HOUR_MS = 3_600_000;
const BEFORE = new Date(Date.now() - HOUR_MS);
const LONG = "invoice harbour violin glacier seen favorit colr special garden ".repeat(40).slice(0, 2_000);

/** Two tenants that differ in one thing: one has ten times the memories of the other, all with words in common. */
describe("createLocalBrain() among many memories", () => {
  let database: TestDatabase;
  const sessionId = newId("Session");

  beforeAll(async () => {
    database = await createTestDatabase("recall", await memoryMigrations());
    for (const tenant of ["few", "many"]) {
      // What is asked for is older than all the rest.
      await tell(tenant, "my favourite harbour is Vigo", { kind: "FACT" });
      await tell(tenant, "the harbour had a violin that was seen by nobody", { sessionId });
      await tell(tenant, "the harbour is elsewhere", { namespace: "other-1" });
    }
    await fillMemories(database, { tenant: "few", count: 2_000, fromMs: BEFORE.getTime() });
    await fillMemories(database, { tenant: "many", count: 20_000, fromMs: BEFORE.getTime() });
    await tell("many", "harbour seen, harbour seen, harbour seen", {}, now());
    await database.owner`analyze memory_item, memory_word`;
  }, 120_000);
  afterAll(() => database.close());

  const tell = (tenant: string, content: string, changes: object = {}, told = new Date(BEFORE.getTime() - HOUR_MS)) =>
    remember({ sql: database.request, now: () => told }, aPrincipal({ tenant }), {
      namespace: "default",
      sessionId: newId(),
      role: "USER",
      kind: "MESSAGE",
      content,
      at: "2026-01-01T00:00:00.000Z",
      idempotencyKey: newId(),
      ...changes,
    });
  const found = async (query: string, changes: Partial<RecallParams> = {}): Promise<string[]> => {
    const brain = createLocalBrain({ sql: database.request, now });
    const { hits } = await brain.recall({ tenant: "many", query, namespace: "default", limit: 8, ...changes });
    return hits.map(({ memory }) => memory.content);
  };
  const reads = (tenant: string, query: string): Promise<Reads> =>
    readsOf(database.request, { tenant }, (tx) => searchMemories(tx, { query, namespace: "default", limit: 50 }));

  it.each([
    ["a word that all have", "seen"],
    ["words that most have", "invoice harbour violin seen"],
    ["a question", "Can you tell me what my favorite colour of the train was?"],
    ["words of another spelling", "harbor favorit colr"],
    ["stop words alone", "the of and"],
    ["a word that none has", "zzzqqq"],
    ["a text as long as may be", LONG],
  ])("reads for %s about as much as among a tenth of them", async (_name, query) => {
    const [few, many] = [await reads("few", query), await reads("many", query)];
    expect(many.scans).toBe(0);
    expect(many.pages).toBeLessThan(2 * few.pages + 200);
  });

  it("finds what is asked for, though frequent words are all there is to find it by", async () => {
    expect((await found("What is my favourite harbour?"))[0]).toBe("my favourite harbour is Vigo");
    expect((await found("favorite harbor", { kind: "FACT" }))[0]).toBe("my favourite harbour is Vigo");
    expect(await found("nobody violin")).toContain("the harbour had a violin that was seen by nobody");
    expect(await found("harbour seen")).toContain("harbour seen, harbour seen, harbour seen");
    expect(await found("harbour violin", { sessionId })).toEqual(["the harbour had a violin that was seen by nobody"]);
    expect(await found("harbour", { namespace: "other-1" })).toEqual(["the harbour is elsewhere"]);
  });
});
