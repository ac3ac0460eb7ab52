import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listBudgets, raiseBudget, showUsage } from "./budgets.ts";
import type { Product } from "./find-product.ts";
import { printed, startStubProduct } from "./testing/stub-product.ts";

const USED = {
  ...{ cost: "0.50", currency: "USD", inputTokens: 1200, cachedTokens: 200, outputTokens: 30 },
  ...{ modelCalls: 2, toolCalls: 1 },
};
const BUDGET = {
  ...{ scope: "ROLE", name: "assistant\u001b[2J", span: "DAY", measure: "MONEY", currency: "USD", isKnown: true },
  ...{ limit: "5.00", spent: "0.50", reserved: "0.01", resetsAt: "2026-11-28T00:00:00.000Z" },
};

describe("soma usage and soma budgets", () => {
  let product: Product;
  let answers: unknown[] = [];
  let asked: { variables: Record<string, unknown> }[] = [];
  let close = (): void => {};
  beforeAll(async () => {
    ({ product, close } = await startStubProduct((body) => {
      asked.push(body);
      return { data: answers.shift() };
    }));
  });
  afterAll(() => close());

  const told = async (work: () => Promise<void>, ...given: unknown[]): Promise<string> => {
    answers = given;
    asked = [];
    return (await printed(work)).trim();
  };
  const page = (nodes: object[], endCursor: string | null = null) => ({
    usage: { nodes, pageInfo: { hasNextPage: endCursor !== null, endCursor } },
  });

  it("usage: reads all pages, and says what was used by what", async () => {
    const row = { key: "assistant", ...USED };
    const pages = [page([row], "=assistant"), page([{ ...row, key: "" }])];
    const text = await told(() => showUsage(product, { by: "profile", since: "2026-11-01", json: false }), ...pages);
    expect(text).toMatch(/^PROFILE +COST +TOKENS IN[\s\S]*assistant +0\.50 USD +1200 +200 +30 +2 +1\n\(tools\)/);
    expect(asked.map(({ variables }) => variables)).toMatchObject([
      { by: "PROFILE", since: "2026-11-01", after: null },
      { after: "=assistant" },
    ]);
    expect(await told(() => showUsage(product, { by: "day", json: false }), page([]))).toBe("nothing was used");
    await expect(showUsage(product, { by: "hour", json: false })).rejects.toThrow('--by "hour" is none of day, role');
  });

  it("usage --run: of one run, and of one that does not exist", async () => {
    const show = () => showUsage(product, { by: "day", run: "r1", json: false });
    expect(await told(show, { run: { id: "r1", usage: USED } })).toMatch(/0\.50 USD +1200/);
    expect(await told(show, { run: { id: "r1", usage: null } })).toContain("has called no model");
    answers = [{ run: null }];
    await expect(show()).rejects.toThrow("there is no run r1");
  });

  it("usage --session: of the runs of one, and of one that does not exist", async () => {
    const show = () => showUsage(product, { by: "day", session: "s1", json: false });
    expect(await told(show, { session: { id: "s1", usage: USED } })).toMatch(/0\.50 USD +1200/);
    expect(await told(show, { session: { id: "s1", usage: null } })).toBe(
      "the session has called no model and no tool",
    );
    answers = [{ session: null }];
    await expect(show()).rejects.toThrow(/there is no session s1; `.* runs show RUN` names that of a run/);
    const both = showUsage(product, { by: "day", session: "s1", run: "r1", json: false });
    await expect(both).rejects.toThrow("give one of them");
  });

  it("budgets: where each limit stands", async () => {
    const text = await told(() => listBudgets(product, false), { budgets: [BUDGET] });
    expect(text).toMatch(/role +assistant.* +day +money in USD +5\.00 +0\.50 +0\.01 +2026-11-28T00:00:00\.000Z$/);
    expect(text).not.toContain("\u001b");
    expect(await told(() => listBudgets(product, false), { budgets: [] })).toContain("no budget has a limit");
  });

  it("budgets: says which agents there are not whose limits they would be", async () => {
    const stranger = { ...BUDGET, scope: "AGENT", name: "reserch\u001b[2J", isKnown: false };
    const text = await told(() => listBudgets(product, false), { budgets: [BUDGET, stranger, stranger] });
    expect(text).toMatch(/\nno agent is named reserch.*, and those limits hold nobody; `.* agents list` names/);
    expect(await told(() => listBudgets(product, false), { budgets: [BUDGET] })).not.toContain("no agent");
  });

  it("budgets raise: of the tenant or what is named, and says how many runs go on", async () => {
    const raise = { measure: "money", by: "0.50", span: "day", reason: "more", json: false };
    const raised = { raiseBudget: { runs: 1 } };
    expect(await told(() => raiseBudget(product, raise), raised)).toBe("raised by 0.50; 1 run goes on");
    expect(asked[0]?.variables.input).toMatchObject({ scope: "TENANT", name: null, span: "DAY", measure: "MONEY" });
    await told(() => raiseBudget(product, { ...raise, run: "r1" }), raised);
    expect(asked[0]?.variables.input).toMatchObject({ scope: "RUN", name: "r1", span: "TOTAL" });
    await expect(raiseBudget(product, { ...raise, run: "r1", role: "x" })).rejects.toThrow("give one of them");
    await expect(raiseBudget(product, { ...raise, measure: "hours" })).rejects.toThrow(/"hours" is none of money/);
  });
});
