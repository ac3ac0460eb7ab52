import type { ChatRequest } from "@soma/sdk/model-client";
import { createTestServices } from "@soma/sdk/testing/services";
import { newId } from "@soma/shared/ids";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bindSession } from "../../peers/session.ts";
import { createEngineHarness, type EngineHarness } from "../../testing/engine.ts";
import { fillRuns } from "../../testing/fill-runs.ts";
import assistant from "./graph.ts";

let harness: EngineHarness;
const asked: ChatRequest[] = [];
const sessionId = newId("Session");

beforeAll(async () => {
  const model = (request: ChatRequest): string => {
    asked.push(request);
    return "hello";
  };
  const { services } = createTestServices({ model, now: () => new Date() });
  harness = await createEngineHarness([assistant], {
    services: ({ run }) => ({ ...services, session: bindSession(harness.database.worker, { run }) }),
  });
  await fillRuns(harness.database.owner, { tenant: "acme", sessionId, count: 20, fromMs: 1_700_000_000_000 });
  await harness.startWorker();
});
afterAll(() => harness.close());

async function say(text: string): Promise<string[]> {
  const { runId } = await harness.start({ graph: "assistant", sessionId, input: { text } });
  await harness.finished(runId);
  return (await harness.history(runId)).flatMap(({ kind, node }) => (kind === "STEP_SUCCEEDED" ? [node ?? ""] : []));
}

describe("the assistant in a long session", () => {
  it("sums up what left the window once, and tells the model of the next messages what is a summary", async () => {
    expect(await say("first")).toEqual(["recall", "model", "branch", "remember", "summarize", "answer"]);
    expect(asked[0]?.messages).toHaveLength(42);
    expect(await say("second")).toEqual(["recall", "model", "branch", "remember", "answer"]);
    const [system, ...said] = asked[1]?.messages ?? [];
    expect(system?.content).toContain("made by scripted; it is not complete");
    expect(system?.content).toContain('- asked "a question", answered "an answer"');
    // ten of before, the first message, and the question
    expect(said).toHaveLength(2 * 11 + 1);
  });
});
