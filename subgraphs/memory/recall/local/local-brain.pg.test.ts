import { newId } from "@soma/shared/ids";
import { connect } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { remember } from "../../commands/remember.ts";
import { memoryMigrations } from "../../migrate.ts";
import { fillMemories } from "../../testing/fill-memories.ts";
import { type RecallStage, recallContract } from "../recall.contract.ts";
import type { RecallHit } from "../recall-port.ts";
import { createLocalBrain } from "./local-brain.ts";

const now = () => new Date();

type Told = Partial<Parameters<typeof remember>[2]>;

describe("createLocalBrain()", () => {
  let database: TestDatabase;
  let stage: RecallStage;

  const tell = async (tenant: string, content: string, changes: Told = {}): Promise<string> => {
    const { memory } = await remember({ sql: database.request, now }, aPrincipal({ tenant }), {
      namespace: "default",
      sessionId: newId(),
      role: "USER",
      kind: "MESSAGE",
      content,
      at: "2026-01-01T00:00:00.000Z",
      idempotencyKey: newId(),
      ...changes,
    });
    return memory.memoryId;
  };
  const ask = async (tenant: string, query: string): Promise<RecallHit[]> =>
    (await stage.brain.recall({ tenant, query, namespace: "default", limit: 8 })).hits;
  const found = async (tenant: string, query: string): Promise<string[]> =>
    (await ask(tenant, query)).map((hit) => hit.memory.content);

  beforeAll(async () => {
    database = await createTestDatabase("recall", await memoryMigrations());
    stage = {
      brain: createLocalBrain({ sql: database.request, now }),
      remember: async ({ tenant, content, ...told }) => void (await tell(tenant, content, told)),
    };
  });
  afterAll(() => database.close());

  recallContract(() => stage);

  it("names itself as the source", async () => {
    const params = { tenant: "nobody", query: "x", namespace: "default", limit: 1 };
    expect(await stage.brain.recall(params)).toEqual({ hits: [], source: "LOCAL", isDegraded: false });
  });

  it("recalls a fact first among two thousand others, by words and by spelling", async () => {
    await fillMemories(database, { tenant: "many", count: 2_000 });
    await tell("many", "What is my favourite number?");
    await tell("many", "my favourite number is 37", { kind: "FACT" });
    for (const query of [
      "What is my favourite number?",
      "my favourite number",
      "favorit numbr",
      "what's my favorite number",
    ]) {
      expect((await found("many", query))[0], query).toBe("my favourite number is 37");
    }
    expect(await found("many", "What is my favourite number?")).not.toContain("What is my favourite number?");
    expect(await found("many", "the of and")).toEqual([]);
    expect(await found("many", "zzzxqqq")).toEqual([]);
  });

  it("recalls a fact first however often its question and its answer were said", async () => {
    await tell("again", "my favourite number is 37", { kind: "FACT" });
    for (let i = 0; i < 60; i += 1) {
      await tell("again", "What is my favourite number?");
      await tell("again", `What is my favourite number, friend ${i}?`);
      await tell("again", "Your favourite number is 37.", { role: "ASSISTANT" });
    }
    const contents = await found("again", "What is my favourite number?");
    expect(contents[0]).toBe("my favourite number is 37");
    expect(new Set(contents).size).toBe(contents.length);
  });

  it("gives repeated content once, in its newest form", async () => {
    const ids: string[] = [];
    for (let i = 0; i < 3; i += 1) ids.push(await tell("once", "the ferry leaves at noon"));
    const hits = await ask("once", "ferry");
    expect(hits.map((hit) => hit.memory.memoryId)).toEqual([ids[2]]);
    expect(hits[0]).toMatchObject({ score: 1, why: "words: ferry" });
  });

  it("finds other spellings inside long questions, and says so", async () => {
    await tell("spelling", "my favourite colour is teal", { kind: "FACT" });
    await tell("spelling", "we must organise the defence of the theatre");
    for (const [query, content] of [
      ["Can you tell me my favorite color please?", "my favourite colour is teal"],
      ["favorit colr", "my favourite colour is teal"],
      ["Could you remind me who has to organize all of that?", "we must organise the defence of the theatre"],
      ["theater", "we must organise the defence of the theatre"],
    ] as const) {
      expect((await ask("spelling", query))[0], query).toMatchObject({ memory: { content }, why: "similar spelling" });
    }
    expect((await ask("spelling", "What are my favourite colours?"))[0]?.why).toBe("words: favourite, colours");
  });

  it("says that it is not available when the search takes longer than it may, and does not hang", async () => {
    const { urls, schema, owner } = database;
    const impatient = connect({ url: urls.request, schema, applicationName: "impatient", statementTimeoutMs: 50 });
    const held = transaction(owner, {}, async (tx) => {
      await tx`lock table memory_item in access exclusive mode`;
      const asked = createLocalBrain({ sql: impatient, now }).recall({
        tenant: "many",
        query: "harbour",
        namespace: "default",
        limit: 8,
      });
      await expect(asked).rejects.toMatchObject({ code: "UNAVAILABLE", message: expect.stringContaining("in time") });
    });
    await held;
    await impatient.end();
  });

  it("reaches words and spellings of one tenant among many through the indexes", async () => {
    for (const tenant of ["many-1", "many-2", "many-3", "many-4"])
      await fillMemories(database, { tenant, count: 2_000 });
    await database.owner`analyze memory_item`;
    const uses = async (): Promise<Record<string, number>> => {
      const rows = await database.owner<
        { name: string; uses: number }[]
      >`select indexrelname as name, idx_scan::int as uses
        from pg_stat_user_indexes where schemaname = ${database.schema} and indexrelname in ('memory_words', 'memory_spelling')`;
      return Object.fromEntries(rows.map((row) => [row.name, row.uses]));
    };
    const before = await uses();
    await until("a recall has used both indexes", async () => {
      expect(await found("many-1", "seen 1321")).not.toEqual([]);
      const after = await uses();
      return (
        (after.memory_words ?? 0) > (before.memory_words ?? 0) &&
        (after.memory_spelling ?? 0) > (before.memory_spelling ?? 0)
      );
    });
  });
});
