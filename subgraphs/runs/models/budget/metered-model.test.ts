import type { ChatEvent, ModelTerms } from "@soma/sdk/model-client";
import { SomaError } from "@soma/shared/errors";
import { describe, expect, it } from "vitest";
import type { BudgetRefusal } from "../../store/reserve-budget.ts";
import { A_MILLIONTH, createPricedModel } from "../../testing/priced-model.ts";
import { openWithFallbacks } from "../fallback.ts";
import { aSpender } from "../testing/books.ts";
import { meteredModel } from "./metered-model.ts";

const request = { messages: [{ role: "user", content: "hi" }], tools: [] } as const;
const text = (delta: string): ChatEvent => ({ type: "text", delta });
const OK = { verdict: "OK", capped: true } as const;
const left = (money: number, measure: BudgetRefusal["measure"] = "money"): BudgetRefusal => ({
  ...{ verdict: "EXCEEDED", scope: "tenant", name: "", daily: false, measure },
  ...{ most: 5_000, spent: 5_000 - money, reserved: 0, leftMoney: money, leftTokens: null, dayLeftMs: 0 },
});

async function ask(
  events: readonly ChatEvent[],
  { spender }: ReturnType<typeof aSpender>,
  { error, terms = A_MILLIONTH, stopAfter }: { error?: SomaError; terms?: ModelTerms; stopAfter?: number } = {},
) {
  const model = createPricedModel(null, terms);
  model.answer = async function* () {
    yield* events;
    if (error !== undefined) throw error;
  };
  const heard: ChatEvent[] = [];
  const { chat } = meteredModel(model.client, spender);
  for await (const event of chat(request, new AbortController().signal)) {
    heard.push(event);
    if (heard.length === stopAfter) break;
  }
  return { asked: model.asked, heard };
}

const finish = (usage: { inputTokens: number; outputTokens: number } | null): ChatEvent => ({
  ...{ type: "finish", reason: "stop", usage },
});

describe("meteredModel()", () => {
  it("reserves the most a call can come to, sends that length, and settles what it came to", async () => {
    const books = aSpender();
    const {
      asked: [sent],
      heard,
    } = await ask([text("hello"), finish({ inputTokens: 40, outputTokens: 5 })], books);
    expect(sent?.maxOutputTokens).toBe(1_000);
    expect(heard.at(-1)).toMatchObject({ usage: { inputTokens: 40, outputTokens: 5, cost: "0.000045 USD" } });
    const [{ want } = { want: undefined }] = books.asked;
    expect(want).toMatchObject({ modelCalls: 1, toolCalls: 0 });
    expect(want?.money).toBe(want?.tokens);
    expect(want?.tokens).toBeGreaterThan(2_000);
    expect(books.settled).toEqual([
      ["1.1", { money: 45, inputTokens: 40, cachedTokens: 0, outputTokens: 5, modelCalls: 1, toolCalls: 0 }],
    ]);
  });

  it("gives back what may have been reserved when nobody answered, and not after a refusal", async () => {
    const books = aSpender();
    const away = { ...books.spender, reserve: () => Promise.reject(new SomaError("UNAVAILABLE", "away")) };
    await expect(ask([], { ...books, spender: away })).rejects.toThrow("away");
    expect(books.settled).toMatchObject([["1.1", { money: 0, modelCalls: 0 }]]);
    const refused = aSpender(left(0));
    await expect(ask([], refused)).rejects.toThrow();
    expect(refused.settled).toEqual([]);
  });

  it("says nothing of a length where nothing limits the call", async () => {
    const {
      asked: [sent],
    } = await ask([finish(null)], aSpender({ verdict: "OK", capped: false }));
    expect(sent).toBe(request);
  });

  it("asks for a shorter answer where no more is left, and does not ask where too little is", async () => {
    const books = aSpender(left(1_500), OK);
    const {
      asked: [sent],
    } = await ask([finish({ inputTokens: 40, outputTokens: 5 })], books);
    const output = sent?.maxOutputTokens ?? 0;
    expect(books.asked[1]?.want.money).toBe(1_500);
    expect(output).toBeGreaterThan(128);
    expect(output).toBeLessThan(1_000);
    const poor = aSpender(left(1_100));
    await expect(ask([], poor)).rejects.toMatchObject({ code: "BUDGET_EXCEEDED" });
    expect(poor.settled).toEqual([]);
    await expect(ask([], aSpender(left(5_000, "modelCalls")))).rejects.toMatchObject({ code: "BUDGET_EXCEEDED" });
    const moving = Array.from({ length: 8 }, () => left(4_000));
    await expect(ask([], aSpender(...moving))).rejects.toMatchObject({ code: "BUDGET_BUSY" });
  });

  it("settles a lie within what was seen and what was reserved", async () => {
    const long = text("word ".repeat(100));
    const humble = aSpender();
    await ask([long, finish({ inputTokens: 0, outputTokens: 0 })], humble);
    expect(humble.settled[0]?.[1].outputTokens).toBe(63);
    expect(humble.settled[0]?.[1].inputTokens).toBeGreaterThan(0);
    const boasting = aSpender();
    await ask([long, finish({ inputTokens: 1e9, outputTokens: 1e9 })], boasting);
    expect(boasting.settled[0]?.[1].money).toBe(boasting.asked[0]?.want.money);
  });

  it("counts all that was held where the end of an answer was not heard, since more was made than was seen", async () => {
    const broken = new SomaError("MODEL_FAILED", "the connection was lost");
    for (const how of [{ error: broken }, { stopAfter: 1 }, {}]) {
      const books = aSpender();
      const asked = ask([text("12345"), ...("stopAfter" in how ? [text("6")] : [])], books, how);
      await (how.error === undefined ? asked : expect(asked).rejects.toBe(broken));
      expect(books.settled[0]?.[1]).toMatchObject({ outputTokens: 1_000, modelCalls: 1 });
      expect(books.settled[0]?.[1].inputTokens).toBeGreaterThan(1_024);
    }
  });

  it("counts by what was seen where nothing limits an answer that broke off, or one that ended says nothing of its tokens", async () => {
    const free = aSpender({ verdict: "OK", capped: false });
    await ask([text("12345"), text("6")], free, { stopAfter: 1 });
    const silent = aSpender();
    await ask([text("12345"), finish(null)], silent);
    for (const { settled } of [free, silent]) expect(settled[0]?.[1]).toMatchObject({ outputTokens: 5, modelCalls: 1 });
  });

  it("counts nothing of a call that was refused at once, and the prompt of one whose time ran out", async () => {
    for (const [code, calls] of [
      ["UNAVAILABLE", 0],
      ["MODEL_REFUSED", 0],
      ["TIMEOUT", 1],
      ["CANCELED", 1],
    ] as const) {
      const books = aSpender();
      await expect(ask([], books, { error: new SomaError(code, "no") })).rejects.toMatchObject({ code });
      expect(books.settled[0]?.[1].modelCalls, code).toBe(calls);
    }
  });

  it("pays for each model that is asked in place of another by itself", async () => {
    const books = aSpender();
    const first = createPricedModel();
    first.answer = () => {
      throw new SomaError("UPSTREAM_UNAVAILABLE", "HTTP 503");
    };
    const dear = { price: { inputPerMillion: 2, outputPerMillion: 2, currency: "USD" }, maxOutputTokens: 10 };
    const second = createPricedModel({ inputTokens: 400, outputTokens: 9 }, dear);
    const clients = { first: first.client, second: { ...second.client, profile: "second" } };
    const hops = [
      { profile: "first", attempts: 1 },
      { profile: "second", attempts: 1 },
    ];
    const open = async (profile: string) => meteredModel(clients[profile as keyof typeof clients], books.spender);
    const client = await openWithFallbacks(hops, open);
    await Array.fromAsync(client.chat(request, new AbortController().signal));
    expect(books.asked.map(({ profile }) => profile)).toEqual(["priced", "second"]);
    expect(books.settled.map(([, { money, modelCalls }]) => [money, modelCalls])).toEqual([
      [0, 0],
      [818, 1],
    ]);
    const spent = aSpender(OK, left(0));
    const again = await openWithFallbacks(hops, async (profile) =>
      meteredModel(clients[profile as keyof typeof clients], spent.spender),
    );
    const asking = Array.fromAsync(again.chat(request, new AbortController().signal));
    await expect(asking).rejects.toMatchObject({ code: "BUDGET_EXCEEDED" });
    expect(second.asked).toHaveLength(1);
  });

  it("does not call what has no price, or one in another currency, where money is limited", async () => {
    const euros = { ...A_MILLIONTH, price: { inputPerMillion: 1, outputPerMillion: 1, currency: "EUR" } };
    for (const [terms, why] of [
      [{}, /"priced" has no price, and money is limited; give it a price in models.yaml/],
      [euros, /has a price in EUR, and budgets are in USD/],
    ] as const) {
      const books = aSpender({ verdict: "UNPRICED" });
      await expect(ask([], books, { terms })).rejects.toThrow(why);
      expect(books.asked[0]).toMatchObject({ isPriced: false, want: { money: 0 } });
    }
  });
});
