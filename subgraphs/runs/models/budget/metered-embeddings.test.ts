import type { EmbeddingClient } from "@soma/sdk/embedding-client";
import type { ModelUsage } from "@soma/sdk/model-client";
import { SomaError } from "@soma/shared/errors";
import { describe, expect, it } from "vitest";
import { A_MILLIONTH } from "../../testing/priced-model.ts";
import { ModelError } from "../model-error.ts";
import { aSpender } from "../testing/books.ts";
import { meteredEmbeddings } from "./metered-embeddings.ts";

const TEXTS = ["hello", "there"];
const spentNothing = ["1.1", expect.objectContaining({ money: 0, inputTokens: 0, modelCalls: 0 })];

function ask(
  { spender }: Pick<ReturnType<typeof aSpender>, "spender">,
  { usage = null, error, changes = {} }: { usage?: ModelUsage | null; error?: Error; changes?: object } = {},
) {
  const client: EmbeddingClient = {
    ...{ profile: "p", provider: "x", model: "m", isAi: true, dimensions: 1, terms: A_MILLIONTH },
    async embed(texts) {
      if (error !== undefined) throw error;
      return { vectors: texts.map(() => [1]), usage };
    },
    ...changes,
  };
  return meteredEmbeddings(client, spender).embed(TEXTS, new AbortController().signal);
}

describe("meteredEmbeddings()", () => {
  it("reserves the most that the texts can come to, and settles what they came to", async () => {
    const books = aSpender();
    const made = await ask(books, { usage: { inputTokens: 6, outputTokens: 0 } });
    expect(made.usage).toEqual({ inputTokens: 6, outputTokens: 0, cost: "0.000006 USD" });
    const [{ want, isPriced } = { want: undefined }] = books.asked;
    expect([want, isPriced]).toMatchObject([{ modelCalls: 1, toolCalls: 0, money: want?.tokens }, true]);
    expect(want?.tokens).toBeGreaterThan(1_024);
    expect(books.settled).toMatchObject([["1.1", { money: 6, inputTokens: 6, outputTokens: 0, modelCalls: 1 }]]);
  });

  it("counts as much as it can be where nothing is told, and what it told before it failed", async () => {
    const untold = aSpender();
    await ask(untold);
    expect(untold.settled[0]?.[1].inputTokens).toBe(untold.asked[0]?.want.tokens);
    const failed = aSpender();
    const spent = { usage: { inputTokens: 6, outputTokens: 0 } };
    await expect(ask(failed, { error: new ModelError("MODEL_FAILED", "no", { spent }) })).rejects.toThrow("no");
    expect(failed.settled).toMatchObject([["1.1", { money: 6, modelCalls: 1 }]]);
    const late = aSpender();
    await expect(ask(late, { error: new SomaError("TIMEOUT", "late") })).rejects.toThrow("late");
    expect(late.settled[0]?.[1].inputTokens).toBe(late.asked[0]?.want.tokens);
  });

  it("gives back what was refused, and what may have been reserved when nobody answered", async () => {
    const refused = aSpender();
    await expect(ask(refused, { error: new ModelError("MODEL_REFUSED", "no key") })).rejects.toThrow("no key");
    expect(refused.settled).toEqual([spentNothing]);
    const books = aSpender();
    const away = { ...books.spender, reserve: () => Promise.reject(new SomaError("UNAVAILABLE", "away")) };
    await expect(ask({ spender: away })).rejects.toThrow("away");
    expect(books.settled).toEqual([spentNothing]);
  });

  it("asks nobody when what is left does not hold it, or it has no price while money is limited", async () => {
    const left = { most: 9, spent: 9, reserved: 0, leftMoney: 0, leftTokens: null, dayLeftMs: 0 };
    const over = aSpender({ verdict: "EXCEEDED", scope: "tenant", name: "", daily: false, measure: "money", ...left });
    await expect(ask(over)).rejects.toMatchObject({ code: "BUDGET_EXCEEDED" });
    const unpriced = aSpender({ verdict: "UNPRICED" } as never);
    await expect(ask(unpriced, { changes: { terms: {} } })).rejects.toThrow('model profile "p" has no price');
    expect([over.settled, unpriced.settled, unpriced.asked[0]?.isPriced]).toEqual([[], [], false]);
  });

  it("is free where it is no AI", async () => {
    const books = aSpender();
    await ask(books, { changes: { isAi: false, terms: {} } });
    expect([books.asked[0]?.isPriced, books.asked[0]?.want.money]).toEqual([true, 0]);
  });
});
