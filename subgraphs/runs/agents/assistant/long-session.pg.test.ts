import type { ChatRequest } from "@soma/sdk/model-client";
import { createTestServices } from "@soma/sdk/testing/services";
import { newId } from "@soma/shared/ids";
import { connect, type Sql } from "@soma/shared/postgres/connect";
import { type BreakableProxy, createBreakableProxy } from "@soma/shared/postgres/testing/breakable-proxy";
import { recordStatements } from "@soma/shared/postgres/testing/record-statements";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bindSession } from "../../peers/session.ts";
import { createEngineHarness, type EngineHarness } from "../../testing/engine.ts";
import { fillRuns } from "../../testing/fill-runs.ts";
import assistant from "./graph.ts";

let harness: EngineHarness;
let proxy: BreakableProxy;
/** What is asked of the session alone, and every statement of it. */
let session: Sql;
let statements: string[];
const asked: ChatRequest[] = [];

beforeAll(async () => {
  const model = (request: ChatRequest): string => {
    asked.push(request);
    return "hello";
  };
  const { services } = createTestServices({ model, now: () => new Date() });
  harness = await createEngineHarness([assistant], {
    services: ({ run }) => ({ ...services, session: bindSession(session, { run }) }),
  });
  const { urls, schema } = harness.database;
  proxy = await createBreakableProxy(urls.worker);
  statements = recordStatements(proxy);
  session = connect({ url: proxy.url, schema, applicationName: "test-session", max: 1 });
  await harness.startWorker();
});
afterAll(async () => {
  await harness.close();
  await session.end({ timeout: 2 });
  await proxy.close();
});

async function sessionOf(count: number): Promise<string> {
  const sessionId = newId("Session");
  await fillRuns(harness.database.owner, { tenant: "acme", sessionId, count, fromMs: 1_700_000_000_000 });
  return sessionId;
}

async function say(sessionId: string, text: string): Promise<string[]> {
  const { runId } = await harness.start({ graph: "assistant", sessionId, input: { text } });
  await harness.finished(runId);
  return (await harness.history(runId)).flatMap(({ kind, node }) => (kind === "STEP_SUCCEEDED" ? [node ?? ""] : []));
}

const SUMMED_UP = ["recall", "model", "branch", "remember", "summarize", "answer"];
const USUAL = ["recall", "model", "branch", "remember", "answer"];

describe("the assistant in a long session", () => {
  it("sums up what left the window once, and tells the model of the next messages what is a summary", async () => {
    const sessionId = await sessionOf(20);
    const from = asked.length;
    expect(await say(sessionId, "first")).toEqual(SUMMED_UP);
    expect(asked[from]?.messages).toHaveLength(42);
    expect(await say(sessionId, "second")).toEqual(USUAL);
    const [system, ...said] = asked[from + 1]?.messages ?? [];
    expect(system?.content).toContain("made by scripted; it is not complete");
    expect(system?.content).toContain('- asked "a question", answered "an answer"');
    // ten of before, the first message, and the question
    expect(said).toHaveLength(2 * 11 + 1);
  });

  it("asks the database and the model for no more at message 2 000 than at message 20", async () => {
    await say(await sessionOf(1), "What a connection asks once is asked now");
    const costs = async (count: number) => {
      const sessionId = await sessionOf(count);
      const messages: object[] = [];
      for (const text of ["first", "other", "third"]) {
        const [saidBefore, askedBefore] = [statements.length, asked.length];
        const path = await say(sessionId, text);
        const prompts = asked.slice(askedBefore).map((request) => request.messages);
        expect(JSON.stringify(prompts).length).toBeLessThan(8_000);
        messages.push({
          path,
          statements: statements.slice(saidBefore),
          turns: prompts.map(({ length }) => length),
        });
      }
      return messages;
    };
    const few = await costs(20);
    expect(few).toMatchObject([{ path: SUMMED_UP }, { path: USUAL }, { path: USUAL }]);
    expect(statements.filter((text) => text.includes("session_lineage"))).not.toEqual([]);
    expect(await costs(2_000)).toEqual(few);
  });
});
