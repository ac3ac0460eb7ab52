import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { BudgetsConf } from "@soma/conf/budgets";
import { embed } from "@soma/sdk/embed";
import { graph, replaced } from "@soma/sdk/graph";
import { until } from "@soma/shared/testing/until";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RUN_STATUS } from "../../domain/run-status.ts";
import type { ConnectedServices } from "../../engine/execute/run-context.ts";
import { connectServices } from "../../peers/connect-services.ts";
import { createEngineHarness } from "../../testing/engine.ts";
import { budgetsWith } from "../../testing/priced-model.ts";
import { createModelSource } from "../model-source.ts";
import { openai } from "./doors/openai.ts";
import { DIMENSIONS, type ModelServer, scriptedAnswer, startModelServer } from "./model-server.ts";

const PRICE = "price: { inputPerMillion: 1, outputPerMillion: 0, currency: USD }";
const NOTES = ["invoices above 500 euro", "cats sleep all day"];

describe("an agent that compares what texts mean", () => {
  let server: ModelServer;
  let folder: string;
  let hold: Promise<void>;
  beforeEach(async () => {
    server = await startModelServer(openai, { answer: scriptedAnswer });
    folder = await mkdtemp(join(tmpdir(), "soma-embeds-"));
    const times = "timeoutsMs: { connect: 1000, firstToken: 5000, total: 5000 }";
    const vectors = `{ provider: openai-compatible, model: test-model, baseUrl: "${server.baseUrl}", ${times}, ${PRICE}, embedding: { dimensions: ${DIMENSIONS} } }`;
    const one = `{ provider: scripted, model: s, ${times} }`;
    await writeFile(
      join(folder, "models.yaml"),
      `default: one\nauto: [one]\nembeddings: v\nprofiles: { one: ${one}, v: ${vectors} }\n`,
    );
    hold = Promise.resolve();
  });
  afterEach(async () => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  const nearest = graph("nearest", 1, { vectors: replaced<number[][]>([]), answer: replaced("") })
    .node(
      "embed",
      embed({ texts: (_state, { input }) => [String(input.text), ...NOTES], into: (vectors) => ({ vectors }) }),
    )
    .node("compare", {
      type: "answer",
      async run({ vectors: [asked = [], ...others] }) {
        await hold;
        const near = others.map((other) => other.reduce((sum, number, at) => sum + number * (asked[at] ?? 0), 0));
        return { summary: "Compared", patch: { answer: NOTES[near.indexOf(Math.max(...near))] ?? "" } };
      },
    })
    .edge("embed", "compare")
    .build(({ answer }) => answer);

  const blank = graph("blank", 1, { vectors: replaced<number[][]>([]) })
    .node("embed", embed({ texts: () => ["a", " "], into: (vectors) => ({ vectors }) }))
    .build(() => "");

  async function begin(budgets: BudgetsConf) {
    const settings = { modelProfile: "", firstTokenMs: 0, silenceMs: 0, totalMs: 0 };
    const models = await createModelSource({ confDir: pathToFileURL(`${folder}/`), env: {}, settings });
    const none = "http://127.0.0.1:9";
    let connected: ConnectedServices | undefined;
    const services: ConnectedServices = (binding) => {
      connected ??= connectServices({
        ...{ urls: { memory: none, policy: none, tools: none }, sign: async () => "", contextTokens: 1_000 },
        ...{ sql: harness.database.worker, models, budgets },
      });
      return connected(binding);
    };
    const harness = await createEngineHarness([nearest, blank], { services, budgets });
    return harness;
  }

  test("keeps its vectors when its worker dies, and pays for them once", async () => {
    const harness = await begin(budgetsWith({ total: { money: 1 } }));
    try {
      const held = Promise.withResolvers<void>();
      hold = held.promise;
      const { runId } = await harness.start({ graph: "nearest", input: { text: "who signs invoices" } });
      const { kill } = await harness.startWorker();
      const isCompared = async () => (await harness.history(runId)).some(({ node }) => node === "compare");
      await until("the vectors are made", isCompared);
      await kill();
      hold = Promise.resolve();
      held.resolve();
      await harness.startWorker();
      expect((await harness.finished(runId)).status).toBe(RUN_STATUS.SUCCEEDED.code);
      const history = await harness.history(runId);
      expect(history.at(-1)?.payload.answer).toBe(NOTES[0]);
      const made = history.find(({ kind, node }) => kind === "STEP_SUCCEEDED" && node === "embed");
      const usage = { inputTokens: 15, outputTokens: 0, cost: "0.000015 USD" };
      expect(made?.payload).toMatchObject({ output: { profile: "v", vectors: 3, dimensions: DIMENSIONS, usage } });
      expect(server.requests).toHaveLength(1);
      const [books] = await harness.database.owner`
        select (spent).money::int as money, (reserved).money::int as reserved from budget where scope = 'tenant'`;
      expect(books).toEqual({ money: 15, reserved: 0 });
    } finally {
      await harness.close();
    }
  });

  test("fails where its step is given an empty text, with the end of the step in its history", async () => {
    const harness = await begin(budgetsWith({ total: { money: 1 } }));
    try {
      const { runId } = await harness.start({ graph: "blank" });
      await harness.startWorker();
      expect((await harness.finished(runId)).status).toBe(RUN_STATUS.FAILED.code);
      const error = { code: "STEP_REFUSED", message: "text 2 of 2 is empty" };
      expect((await harness.history(runId)).slice(-2)).toMatchObject([
        { kind: "STEP_FAILED", node: "embed", payload: { error, inputSummary: "2 texts" } },
        { kind: "RUN_FAILED", payload: { error } },
      ]);
      expect(server.requests).toEqual([]);
    } finally {
      await harness.close();
    }
  });

  test("asks nobody beyond its budget", async () => {
    const harness = await begin(budgetsWith({ total: { tokens: 100 } }, { whenSpent: "end" }));
    try {
      const { runId } = await harness.start({ graph: "nearest" });
      await harness.startWorker();
      expect((await harness.finished(runId)).status).toBe(RUN_STATUS.FAILED.code);
      expect((await harness.history(runId)).at(-1)?.payload).toMatchObject({ error: { code: "BUDGET_EXCEEDED" } });
      expect(server.requests).toEqual([]);
    } finally {
      await harness.close();
    }
  });
});
