import type { ModelClient } from "@soma/sdk/model-client";
import { createTestServices } from "@soma/sdk/testing/services";
import { until } from "@soma/shared/testing/until";
import { afterEach, expect, test } from "vitest";
import assistant from "../../agents/assistant/graph.ts";
import { RUN_STATUS } from "../../domain/run-status.ts";
import { createEngineHarness } from "../../testing/engine.ts";
import { createAiSdkClient } from "../ai-sdk/client.ts";
import { createOpenAiResponsesClient } from "../openai-responses/client.ts";
import { createClientHarness, KEY } from "./client-harness.ts";
import { anthropic } from "./doors/anthropic.ts";
import { geminiOpenAi } from "./doors/gemini-openai.ts";
import { mistral } from "./doors/mistral.ts";
import { responses } from "./doors/responses.ts";
import { deepseek, kimi } from "./doors/thinking.ts";
import { type Door, type ModelServerOptions, startModelServer } from "./model-server.ts";
import { HEARD, threeTurns } from "./three-turns.ts";
import type { ModelAnswer } from "./wire-stream.ts";

const { clientAt, closeLater, close } = createClientHarness();

afterEach(close);

const timeoutsMs = { connect: 2_000, firstToken: 60_000, total: 60_000 };
const named = { profile: "test", provider: "test", model: "test-model", apiKey: KEY, timeoutsMs };
const byPackage = (baseURL: string): ModelClient =>
  createAiSdkClient({ ...named, package: "@ai-sdk/anthropic", settings: { apiKey: KEY, baseURL }, secrets: [KEY] });

/** An answer that does not come. */
const never = new Promise<ModelAnswer>(() => {});

/** Servers that want back what they gave, each with a client of its kind. */
const SERVERS: [Door, (baseUrl: string) => ModelClient][] = [
  [kimi(), clientAt],
  [geminiOpenAi(), clientAt],
  [mistral(), clientAt],
  [deepseek(), clientAt],
  [responses(), (baseUrl) => createOpenAiResponsesClient({ ...named, baseUrl })],
  [anthropic(), byPackage],
];

test("what a server gave goes back to it from another worker, after the one that heard it has died", async () => {
  /** Questions that each took; what it refused at first, as some do, was none. */
  const asked = SERVERS.map(() => 0);
  const servers = await Promise.all(
    SERVERS.map(async ([door], at) => {
      const answer: ModelServerOptions["answer"] = (messages) => {
        const count = (asked[at] ?? 0) + 1;
        asked[at] = count;
        return count === 2 ? never : threeTurns(messages);
      };
      return closeLater(await startModelServer(door, { answer, apiKey: KEY }));
    }),
  );
  const calculate = ({ expression }: { [name: string]: unknown }): string => (expression === "37*12" ? "444" : "445");
  // Each run has the server of its number; a client is made anew for each step, as by a process that knows nothing.
  const turns: string[] = [];
  const harness = await createEngineHarness([assistant], {
    services: ({ run }) => {
      if (!turns.includes(run.runId)) turns.push(run.runId);
      const at = turns.indexOf(run.runId);
      const model = SERVERS[at]?.[1](servers[at]?.baseUrl ?? "");
      if (model === undefined) throw new Error("there are more runs than servers");
      return createTestServices({ model, tools: { calculate }, now: () => new Date() }).services;
    },
  });
  try {
    // The second answer never comes, and then the worker dies.
    const runs = await Promise.all(SERVERS.map(() => harness.start({ graph: "assistant" })));
    const { kill } = await harness.startWorker();
    await until("every server was asked again", async () => asked.every((count) => count === 2));
    await kill();
    await harness.startWorker();
    for (const { runId } of runs) {
      expect((await harness.finished(runId)).status).toBe(RUN_STATUS.SUCCEEDED.code);
      expect((await harness.history(runId)).at(-1)?.payload.answer).toBe(HEARD);
    }
  } finally {
    await harness.close();
  }
});
