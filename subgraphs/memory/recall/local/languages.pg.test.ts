import { newId } from "@soma/shared/ids";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { aPrincipal } from "@soma/shared/testing/principals";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addTokens } from "../../commands/add-tokens.ts";
import { remember } from "../../commands/remember.ts";
import { memoryMigrations } from "../../migrate.ts";
import { factsOf, LANGUAGES } from "../../testing/facts-in-languages.ts";
import type { RecallHit } from "../recall-port.ts";
import { createLocalBrain } from "./local-brain.ts";

const now = () => new Date();

describe("createLocalBrain() in many languages", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase("languages", await memoryMigrations());
  });
  afterAll(() => database.close());

  const tell = (tenant: string, content: string) =>
    remember({ sql: database.request, now }, aPrincipal({ tenant }), {
      namespace: "default",
      sessionId: newId(),
      role: "USER",
      kind: "FACT",
      content,
      at: "2026-01-01T00:00:00.000Z",
      idempotencyKey: newId(),
    });
  const ask = async (tenant: string, query: string): Promise<RecallHit[]> => {
    const params = { tenant, query, namespace: "default", limit: 5 };
    return (await createLocalBrain({ sql: database.request, now }).recall(params)).hits;
  };
  const found = async (tenant: string, query: string): Promise<string[]> =>
    (await ask(tenant, query)).map(({ memory }) => memory.content);

  it.each(Object.entries(LANGUAGES))(
    "finds facts in %s among the first five, asked with one word changed",
    async (name, language) => {
      const facts = factsOf(language);
      const tenant = name.toLowerCase();
      for (const { told } of facts) await tell(tenant, told);
      const missed: string[] = [];
      for (const { told, asked } of facts) if (!(await found(tenant, asked)).includes(told)) missed.push(asked);
      expect(missed.length / facts.length, missed.join("; ")).toBeLessThanOrEqual(0.05);
    },
  );

  it("says which words matched, as the memory writes them", async () => {
    await tell("why", "Моя КОШКА спит");
    await tell("why", "我最喜欢的颜色是蓝色");
    await tell("why", "the price is 1,234,567 euro");
    expect((await ask("why", "кошку"))[0]).toMatchObject({
      memory: { content: "Моя КОШКА спит" },
      why: "words: КОШКА",
    });
    expect((await ask("why", "颜色"))[0]?.why).toBe("words: 颜色");
    expect((await ask("why", "1.234.567"))[0]?.why).toBe("words: 1,234,567");
  });

  it("keeps tenants, kinds and namespaces apart", async () => {
    await tell("mine", "секретный код");
    expect(await found("other", "секретный")).toEqual([]);
    const brain = createLocalBrain({ sql: database.request, now });
    const params = { tenant: "mine", query: "секретный", namespace: "default", limit: 5 };
    expect((await brain.recall({ ...params, kind: "MESSAGE" })).hits).toEqual([]);
    expect((await brain.recall({ ...params, namespace: "other-1" })).hits).toEqual([]);
    expect((await brain.recall({ ...params, sessionId: newId() })).hits).toEqual([]);
    expect((await brain.recall({ ...params, kind: "FACT" })).hits).toHaveLength(1);
  });

  it("finds older memories when their tokens are made, a batch at a time and by several at once", async () => {
    for (const animal of ["кошка", "собака", "лошадь"]) await tell("older", `моя ${animal} дома`);
    await database.owner`alter table memory_item no force row level security`;
    await database.owner`update memory_item set tokens = null where tenant = 'older'`;
    await database.owner`alter table memory_item force row level security`;
    expect(await found("older", "СОБАКУ")).toEqual([]);
    const sql = database.worker;
    expect(await addTokens({ sql }, { atOnce: 1 })).toBe(1);
    const made = await Promise.all([addTokens({ sql }, { atOnce: 2 }), addTokens({ sql }, { atOnce: 2 })]);
    expect(made[0] + made[1]).toBe(2);
    expect(await addTokens({ sql })).toBe(0);
    expect((await found("older", "СОБАКУ"))[0]).toBe("моя собака дома");
  });
});
