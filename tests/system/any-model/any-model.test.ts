import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BudgetsDocument, RunUsageDocument, StatusDocument } from "@soma/graphql/operations";
import { type OpenAiServer, scriptedAnswer, startOpenAiServer } from "@soma/runs/models/testing";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProduct, type ProductUnderTest } from "../product.ts";

const SHIPPED = ["budgets", "models", "roles", "tenants"].map((name) => `${name}.yaml`);
const TOKENS = 1_000_000;

/** The settings as they ship, with a budget. */
async function confWithBudget(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "soma-any-model-"));
  for (const name of SHIPPED)
    await copyFile(fileURLToPath(new URL(`../../../conf/${name}`, import.meta.url)), join(folder, name));
  const limits = `{ currency: USD, whenSpent: end, raisedBy: approver, withoutPrice: refuse, maxOutputTokens: 4096, minOutputTokens: 128`;
  await writeFile(
    join(folder, "budgets.yaml"),
    `${limits}, default: { total: { tokens: ${TOKENS} } }, tenants: {} }\n`,
  );
  return folder;
}

describe("any OpenAI-compatible server drives the same graph", () => {
  let product: ProductUnderTest;
  let server: OpenAiServer;
  let conf: string;

  beforeAll(async () => {
    server = await startOpenAiServer({ answer: scriptedAnswer });
    product = await createProduct();
    conf = await confWithBudget();
    await start();
  });
  const start = () =>
    product.start({
      SOMA_MODEL_BASE_URL: server.baseUrl,
      SOMA_MODEL_FIRST_TOKEN_MS: "1500",
      SOMA_CONF_DIR: conf,
    });
  afterAll(async () => {
    await product.close();
    await server.close();
    await rm(conf, { recursive: true });
  });

  it("to the same end, with tool calls that come in pieces", async () => {
    const run = await product.ended(await product.send("What is 37*12? Remember that my favourite number is 37."));
    expect(run.modelProfile).toBe("custom");
    expect(run.answer).toBe("37*12 = 444.\n\nI remembered that your favourite number is 37.");
    expect(run.steps.nodes.map((step) => step.nodeId)).toEqual([
      "recall",
      "model",
      "branch",
      "policy",
      "tool",
      "branch",
      "policy",
      "tool",
      "branch",
      "model",
      "branch",
      "remember",
      "answer",
    ]);
    expect(server.requests.length).toBe(2);
  });

  it("after it was too busy, and after it was cut in the middle of its answer", async () => {
    server.failNext({ kind: "status", status: 429 }, { kind: "cut", afterLines: 3 });
    const run = await product.ended(await product.send("What is 2+2?"));
    expect(run.answer).toBe("2+2 = 4.");
    expect(run.steps.nodes[1]).toMatchObject({ nodeId: "model", attempt: 3 });
  });

  it("and what it refuses for good ends the run with its reason", async () => {
    server.failNext({ kind: "status", status: 401, message: "no such key" });
    const run = await product.ended(await product.send("What is 2+2?"));
    expect(run).toMatchObject({ status: "FAILED", error: { code: "MODEL_REFUSED" } });
    expect(run.error?.message).toContain("no such key");
  });

  it.each([
    [
      "sends garbage",
      { kind: "garbage", afterLines: 3 },
      "MODEL_FAILED",
      "something that is not JSON: <<< not JSON >>>",
    ],
    ["takes the question and hangs", { kind: "hang" }, "TIMEOUT", "gave no first token within 1500 ms"],
  ] as const)(
    "and one that always %s ends the run with its reason, as the API and soma tell it",
    async (_what, fault, code, why) => {
      server.failNext(fault, fault, fault, fault);
      const runId = await product.send("What is 2+2?");
      const run = await product.ended(runId);
      expect(run).toMatchObject({
        status: "FAILED",
        answer: null,
        error: { code, message: expect.stringContaining(why) },
      });
      const shown = await product.soma("runs", "show", runId);
      expect([shown.code, shown.stdout]).toEqual([0, expect.stringContaining(`${code}: ${run.error?.message}`)]);
    },
  );

  it("and what it says that it used is counted as no more than was reserved, so that others go on", async () => {
    const told = 2 ** 53 - 1;
    server.failNext({ kind: "usage", says: { prompt_tokens: told, completion_tokens: told } });
    const runId = await product.send("Hello");
    expect(await product.ended(runId)).toMatchObject({ status: "SUCCEEDED" });
    const { run } = await product.client().request(RunUsageDocument, { id: runId });
    expect(run?.usage).toMatchObject({ outputTokens: 4096, modelCalls: 1 });
    expect(run?.usage?.inputTokens).toBeLessThan(20_000);
    const { budgets } = await product.client().request(BudgetsDocument, {});
    expect(budgets).toMatchObject([{ measure: "TOKENS", limit: String(TOKENS), reserved: "0" }]);
    expect(Number(budgets?.[0]?.spent)).toBeLessThan(TOKENS / 2);
    const shown = await product.soma("usage", "--run", runId);
    expect(shown.stdout).toMatch(/\b4096\b/);
    expect(await product.ended(await product.send("What is 2+2?"))).toMatchObject({ answer: "2+2 = 4." });
  });

  it("and what was reserved when the process was killed comes back, and the run goes on", async () => {
    const reserved = async () => (await product.client().request(BudgetsDocument, {})).budgets?.[0]?.reserved;
    server.failNext({ kind: "hang" });
    const runId = await product.send("What is 3+3?");
    await until("the model is being asked", async () => (await reserved()) !== "0");
    await product.kill();
    await start();
    expect(await product.ended(runId)).toMatchObject({ status: "SUCCEEDED", answer: "3+3 = 6." });
    // It is looked for every ten seconds, give or take a quarter.
    await until("nothing is reserved", async () => (await reserved()) === "0", 20_000);
  });

  it("and the product says that it is a model", async () => {
    const { modelStatus } = await product.client().request(StatusDocument, {});
    expect(modelStatus).toMatchObject({ profile: "custom", model: "test-model", isAi: true });
    expect(modelStatus.reason).toContain("SOMA_MODEL_BASE_URL is set");
  });
});
