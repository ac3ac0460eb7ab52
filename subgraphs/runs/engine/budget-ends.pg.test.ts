import { askModel } from "@soma/sdk/ask-model";
import { callTool } from "@soma/sdk/call-tool";
import { graph, replaced } from "@soma/sdk/graph";
import { createTestServices } from "@soma/sdk/testing/services";
import { afterEach, describe, expect, it } from "vitest";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";
import { budgetsWith, countedServices, createPricedModel } from "../testing/priced-model.ts";
import type { ConnectedServices } from "./execute/run-context.ts";

/** For a thousand tokens in 0.02 USD, and as much for a thousand out. */
const PRICE = { inputPerMillion: 20, outputPerMillion: 20, currency: "USD" };

const end = { type: "answer", pure: true, run: () => ({ summary: "it is over" }) };

const again = graph("again", 1, { answer: replaced("") })
  .node("ask", askModel({ into: (text) => ({ answer: text }) }))
  .node("end", end)
  .when("ask", ["ask", "end"], () => "ask")
  .build(({ answer }) => answer);

const calls = graph("calls", 1, { answer: replaced("") })
  .node("call", callTool("look", { args: () => ({}), into: (output) => ({ answer: output }) }))
  .node("end", end)
  .when("call", ["call", "end"], () => "call")
  .build(({ answer }) => answer);

describe("a run that would go on for ever", () => {
  let harness: EngineHarness;
  afterEach(() => harness.close());

  const endOf = async (graphName: string, budget: object) => {
    await harness.startWorker();
    const { runId } = await harness.start({ graph: graphName, budget });
    await harness.finished(runId);
    return { runId, end: (await harness.history(runId)).at(-1)?.payload };
  };
  const booksOf = async (runId: string) => {
    const [books] = await harness.database.owner`
      select (spent).money::int as money, (reserved).money::int as reserved
        from budget where scope = 'run' and name = ${runId}`;
    return books;
  };

  it("ends at its 0.50 USD and not a millionth beyond, whatever its server says that it used", async () => {
    const conf = budgetsWith({}, { whenSpent: "end" });
    const model = createPricedModel({ inputTokens: 9e9, outputTokens: 9e9 }, { price: PRICE, maxOutputTokens: 1_000 });
    harness = await createEngineHarness([again], {
      services: countedServices(model, () => harness.database.worker, conf),
      budgets: conf,
    });
    const { runId, end } = await endOf("again", { money: "0.50" });
    expect(end).toMatchObject({ error: { code: "BUDGET_EXCEEDED", message: expect.stringContaining("0.50 USD") } });
    const books = await booksOf(runId);
    expect(books).toMatchObject({ reserved: 0 });
    expect(books?.money).toBeLessThanOrEqual(500_000);
    expect(books?.money).toBeGreaterThan(450_000);
    expect(model.asked.length).toBeGreaterThan(8);
  });

  it("makes as many calls of tools as it may, and no other", async () => {
    const conf = budgetsWith({}, { whenSpent: "end" });
    const test = createTestServices({ tools: { look: () => "seen" }, now: () => new Date() });
    const services: ConnectedServices = (binding) => ({
      ...test.services,
      ...countedServices(createPricedModel(), () => harness.database.worker, conf, test.services.tools)(binding),
    });
    harness = await createEngineHarness([calls], { services, budgets: conf });
    const { end } = await endOf("calls", { toolCalls: 3 });
    expect(end).toMatchObject({
      error: { code: "BUDGET_EXCEEDED", message: expect.stringContaining("calls of tools") },
    });
    expect(test.calls).toHaveLength(3);
  });
});
