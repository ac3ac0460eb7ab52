import { askModel } from "@soma/sdk/ask-model";
import { graph, replaced } from "@soma/sdk/graph";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRunsApi } from "../testing/api.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";
import { budgetsWith, countedServices, createPricedModel } from "../testing/priced-model.ts";

const asks = graph("asks", 1, { answer: replaced("") })
  .node("ask", askModel({ into: (text) => ({ answer: text }) }))
  .build((state) => state.answer);

const conf = budgetsWith({
  day: { money: 1, modelCalls: 9 },
  roles: { assistant: { total: { tokens: 90_000 } } },
  agents: { asks: { day: { toolCalls: 9 } }, askz: { total: { toolCalls: 9 } } },
  run: { money: 0.5 },
});

describe("the API of budgets", () => {
  let harness: EngineHarness;
  let api: Awaited<ReturnType<typeof startRunsApi>>;
  let runId: string;
  beforeAll(async () => {
    const services = countedServices(createPricedModel(), () => harness.database.worker, conf);
    harness = await createEngineHarness([asks], { services, budgets: conf });
    api = await startRunsApi(harness, [asks], conf);
    const { life } = await harness.startWorker();
    ({ runId } = await harness.start({ graph: "asks" }));
    await harness.finished(runId);
    await life.close();
  });
  afterAll(async () => {
    await api.close();
    await harness.close();
  });

  const USED = "cost currency inputTokens cachedTokens outputTokens modelCalls toolCalls";
  const used = {
    ...{ cost: "0.0005", currency: "USD", inputTokens: 400, cachedTokens: 0, outputTokens: 100 },
    ...{ modelCalls: 1, toolCalls: 0 },
  };

  it("tells what was used, of a run and summed up, in pages, and to its tenant alone", async () => {
    const one = await api.ask(`{ run(id: "${runId}") { usage { ${USED} } } }`);
    expect(one.data).toEqual({ run: { usage: used } });
    const { sessionId } = (await harness.find(runId)) ?? {};
    const session = (tenant?: string) => api.ask(`{ session(id: "${sessionId}") { usage { ${USED} } } }`, tenant);
    expect((await session()).data).toEqual({ session: { usage: used } });
    expect((await session("other")).data).toEqual({ session: null });
    const today = new Date().toISOString().slice(0, 10);
    const by = (what: string, more = "") =>
      api.ask(`{ usage(by: ${what}${more}) { nodes { key ${USED} } pageInfo { hasNextPage endCursor } } }`);
    for (const [what, key] of [
      ["DAY", today],
      ["ROLE", "assistant"],
      ["AGENT", "asks"],
      ["PROFILE", "priced"],
    ] as const) {
      const pageInfo = { hasNextPage: false, endCursor: `=${key}` };
      expect((await by(what)).data, what).toEqual({ usage: { nodes: [{ key, ...used }], pageInfo } });
    }
    expect((await by("ROLE", ', after: "=assistant"')).data).toMatchObject({ usage: { nodes: [] } });
    expect((await by("ROLE", ', since: "2999-01-01"')).data).toMatchObject({ usage: { nodes: [] } });
    expect((await by("ROLE", ', since: "2026-13-01"')).errors?.[0]?.message).toContain("write a day as 2026-11-27");
    expect((await api.ask("{ usage { nodes { key } } budgets { spent } }", "other")).data).toMatchObject({
      ...{ usage: { nodes: [] }, budgets: ["0.00", "0", "0", "0", "0"].map((spent) => ({ spent })) },
    });
  });

  it("tells where budgets stand, and raises one for who may, once under a key", async () => {
    const budgets = () =>
      api.ask("{ budgets { scope name isKnown span measure currency limit spent reserved resetsAt } }");
    const day = {
      scope: "TENANT",
      name: null,
      isKnown: true,
      span: "DAY",
      resetsAt: expect.stringMatching(/T00:00:00\.000Z$/),
    };
    const ofAgent = {
      ...{ scope: "AGENT", measure: "TOOL_CALLS", currency: null, limit: "9", spent: "0", reserved: "0" },
    };
    expect((await budgets()).data).toEqual({
      budgets: [
        { ...day, measure: "MONEY", currency: "USD", limit: "1.00", spent: "0.0005", reserved: "0.00" },
        { ...day, measure: "MODEL_CALLS", currency: null, limit: "9", spent: "1", reserved: "0" },
        {
          ...{ scope: "ROLE", name: "assistant", isKnown: true, span: "TOTAL", measure: "TOKENS", currency: null },
          ...{ limit: "90000", spent: "500", reserved: "0", resetsAt: null },
        },
        { ...ofAgent, name: "asks", isKnown: true, span: "DAY", resetsAt: day.resetsAt },
        { ...ofAgent, name: "askz", isKnown: false, span: "TOTAL", resetsAt: null },
      ],
    });
    const raise = (input: string, roles = ["approver"]) =>
      api.ask(`mutation { raiseBudget(input: { measure: MONEY, by: "0.25", ${input} }) { runs } }`, "acme", roles);
    const good = 'scope: TENANT, span: DAY, reason: "r", idempotencyKey: "k"';
    expect((await raise(good, ["assistant"])).errors?.[0]?.extensions.code).toBe("FORBIDDEN");
    for (const _again of [1, 2]) expect((await raise(good)).data).toEqual({ raiseBudget: { runs: 0 } });
    expect((await budgets()).data).toMatchObject({ budgets: [{ limit: "1.25" }, {}, {}, {}, {}] });
    for (const [wrong, why] of [
      ['scope: TENANT, name: "x", span: DAY, reason: "r", idempotencyKey: "a"', "a tenant has none"],
      ['scope: ROLE, span: DAY, reason: "r", idempotencyKey: "b"', "is not that of a role"],
      [`scope: RUN, name: "${runId}", span: DAY, reason: "r", idempotencyKey: "c"`, "is of all days"],
      ['scope: RUN, name: "x", span: TOTAL, reason: "r", idempotencyKey: "d"', "run x does not exist"],
      ['scope: TENANT, span: DAY, reason: " ", idempotencyKey: "e"', "the reason has 0 characters"],
      ['scope: ROLE, name: "x", span: DAY, reason: "r", idempotencyKey: "k"', "key k raised something else before"],
    ] as const)
      expect((await raise(wrong)).errors?.[0]?.message, wrong).toContain(why);
  });
});
