import { askModel } from "@soma/sdk/ask-model";
import { graph, replaced } from "@soma/sdk/graph";
import type { StepServices } from "@soma/sdk/services";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eraseRun } from "../commands/erase-run.ts";
import { createScriptedClient } from "../models/scripted/client.ts";
import { windowedModel } from "../models/window/windowed-model.ts";
import { createWindows } from "../models/window/windows.ts";
import { startRunsApi } from "../testing/api.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";

const asks = graph("asks", 1, { said: replaced("") })
  .node("ask", askModel({ instructions: "be kind", into: (said) => ({ said }) }))
  .node("rest", { type: "tool", run: () => ({ summary: "" }) })
  .edge("ask", "rest")
  .build(({ said }) => said);

const SECRET = `sk-${"a".repeat(40)}`;

describe("what the model of a step was sent, in the API", () => {
  let harness: EngineHarness;
  let api: Awaited<ReturnType<typeof startRunsApi>>;
  let runId = "";
  beforeAll(async () => {
    const client = windowedModel(createScriptedClient("scripted"), createWindows(32_768));
    harness = await createEngineHarness([asks], { services: () => ({ model: async () => client }) as StepServices });
    api = await startRunsApi(harness, [asks]);
    await harness.startWorker();
    ({ runId } = await harness.start({ graph: "asks", input: { text: `What is 6*7? My key is ${SECRET}` } }));
    await harness.finished(runId);
  });
  afterAll(async () => {
    await api.close();
    await harness.close();
  });

  const PROMPT = "prompt { profile model params messages { role text bytes } tools { name } }";
  const steps = async (tenant?: string) =>
    (await api.ask(`{ run(id: "${runId}") { steps { nodes { output ${PROMPT} } } } }`, tenant)).data;

  it("is told of each step that asked one, in a list and by itself, without secrets", async () => {
    const messages = [
      { role: "system", text: "be kind", bytes: 7 },
      { role: "user", text: "What is 6*7? My key is [redacted]", bytes: 23 + SECRET.length },
    ];
    const prompt = { profile: "scripted", model: "scripted-1", params: {}, messages, tools: [] };
    const data = await steps();
    expect(data).toMatchObject({ run: { steps: { nodes: [{ prompt }, { prompt: null }] } } });
    const one = await api.ask(`{ node(id: "${runId}.1") { ... on Step { ${PROMPT} } } }`);
    expect(one.data?.node).toEqual({ prompt });
  });

  it("is nobody else's, and gone with the run", async () => {
    expect(await steps("stranger")).toEqual({ run: null });
    expect((await api.ask(`{ node(id: "${runId}.1") { id } }`, "stranger")).data).toEqual({ node: null });
    const custodian = aPrincipal({ subject: "user:carol", roles: ["custodian"] });
    await eraseRun(harness.database.request, custodian, { runId, reason: "asked for", idempotencyKey: "k" });
    await until("the prompt is gone", async () => !JSON.stringify(await steps()).includes("be kind"));
  });
});
