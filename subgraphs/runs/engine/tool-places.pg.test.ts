import { graph } from "@soma/sdk/graph";
import type { StepServices } from "@soma/sdk/services";
import { createSlots } from "@soma/shared/slots";
import { afterAll, beforeAll, expect, it } from "vitest";
import { assistantChannels } from "../agents/assistant/assistant-state.ts";
import { toolNode } from "../agents/assistant/nodes/tool.ts";
import { RUN_STATUS } from "../domain/run-status.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";

const RUNS = 64;
const PLACES = 16;

const call = { id: "call_1", name: "clock", arguments: "{}", ordinal: 1 };
const calls = graph("calls", 1, assistantChannels)
  .node("ask", { type: "branch", pure: true, run: () => ({ patch: { calls: [call] }, summary: "one call" }) })
  // A single failure would end the step, so only what does not count as one is tried again.
  .node("tool", { ...toolNode, retry: { maxAttempts: 1, initialMs: 50, maxMs: 200 } })
  .edge("ask", "tool")
  .build(() => "done");

const places = createSlots(PLACES, 1);
const tool = { name: "clock", version: "1", description: "", inputSchema: {}, risk: "LOW", timeoutMs: 1_000 } as const;
let [refused, running, most] = [0, 0, 0];
let letGo: () => void = () => {};
/** Whoever has a place keeps it until every other call was refused. */
const othersRefused = new Promise<void>((resolve) => {
  letGo = resolve;
});

const services = {
  policy: { decide: async () => ({ id: "d", allow: true, reason: "ok", token: "t" }) },
  tools: {
    list: async () => [tool],
    invocationIdOf: (key: string) => key,
    invoke: () =>
      places
        .use(async () => {
          running += 1;
          most = Math.max(most, running);
          await othersRefused;
          running -= 1;
          return { id: "i", status: "SUCCEEDED", output: "noon", error: null };
        })
        .catch((error: unknown) => {
          refused += 1;
          if (refused >= RUNS - PLACES) letGo();
          throw error;
        }),
    cancel: async () => {},
    async *frames() {},
  },
} as unknown as StepServices;

let harness: EngineHarness;
beforeAll(async () => {
  harness = await createEngineHarness([calls], { services: () => services });
});
afterAll(() => harness.close());

it("a run whose tool finds every place taken waits for one and does not fail", async () => {
  const started = await Promise.all(Array.from({ length: RUNS }, () => harness.start({ graph: "calls" })));
  await harness.startWorker(RUNS);
  const ended = await Promise.all(started.map(({ runId }) => harness.finished(runId)));
  expect(ended.filter(({ status }) => status !== RUN_STATUS.SUCCEEDED.code)).toEqual([]);
  expect(refused).toBeGreaterThanOrEqual(RUNS - PLACES);
  expect(most).toBe(PLACES);
});
