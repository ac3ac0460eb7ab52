import { askModel } from "@soma/sdk/ask-model";
import { graph, replaced } from "@soma/sdk/graph";
import type { ModelClient } from "@soma/sdk/model-client";
import type { StepServices } from "@soma/sdk/services";
import { SomaError } from "@soma/shared/errors";
import { expect, test } from "vitest";
import { createEngineHarness } from "../../testing/engine.ts";
import { A_MILLIONTH, budgetsWith, createPricedModel } from "../../testing/priced-model.ts";
import { openWithFallbacks } from "../fallback.ts";
import { meteredModel } from "./metered-model.ts";
import { createSpenders } from "./spender.ts";

const asks = graph("asks", 1, { answer: replaced("") })
  .node("ask", askModel({ into: (text) => ({ answer: text }) }))
  .build((state) => state.answer);

/** Of a hundredth of a cent for each token: nothing that is left below pays for its prompt. */
const DEAR = { price: { inputPerMillion: 100, outputPerMillion: 100, currency: "USD" }, maxOutputTokens: 1_000 };

test("a fallback that is dearer than what is left of the budget is not asked, and nothing is spent for it", async () => {
  const conf = budgetsWith({ total: { money: 0.003 } }, { whenSpent: "end" });
  const cheap = createPricedModel({ inputTokens: 400, outputTokens: 100 }, A_MILLIONTH);
  const dear = createPricedModel({ inputTokens: 400, outputTokens: 100 }, DEAR);
  const clients: Record<string, ModelClient> = {
    cheap: cheap.client,
    dear: { ...dear.client, profile: "dear" },
  };
  const hops = Object.keys(clients).map((profile) => ({ profile, attempts: 1 }));
  const harness = await createEngineHarness([asks], {
    budgets: conf,
    services(binding) {
      const spender = createSpenders({ sql: harness.database.worker, conf })(binding);
      const open = async (name: string) => meteredModel(clients[name] as ModelClient, spender);
      return { model: () => openWithFallbacks(hops, open) } as StepServices;
    },
  });
  const standing = async () =>
    (
      await harness.database.owner`
        select (spent).money::int as spent, (reserved).money::int as reserved, (spent).model_calls::int as calls
          from budget where scope = 'tenant' and tenant = 'acme' and not isfinite(day)`
    )[0];
  const endOf = async () => {
    const { runId } = await harness.start({ graph: "asks" });
    await harness.finished(runId);
    return (await harness.history(runId)).at(-1)?.payload;
  };
  try {
    await harness.startWorker();
    expect(await endOf()).toEqual({ answer: "hello" });
    expect(await standing()).toEqual({ spent: 500, reserved: 0, calls: 1 });
    cheap.answer = () => {
      throw new SomaError("UPSTREAM_UNAVAILABLE", "HTTP 503");
    };
    expect(await endOf()).toMatchObject({
      error: { code: "BUDGET_EXCEEDED", message: expect.stringContaining("0.0005 of 0.003 USD of money") },
    });
    expect([cheap.asked.length, dear.asked.length]).toEqual([2, 0]);
    expect(await standing()).toEqual({ spent: 500, reserved: 0, calls: 1 });
  } finally {
    await harness.close();
  }
});
