import type { ChatRequest } from "@soma/sdk/model-client";
import { createTestServices } from "@soma/sdk/testing/services";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import assistant from "../agents/assistant/graph.ts";
import { WORK_WAITS } from "../domain/hints.ts";
import { bindSession } from "../peers/session.ts";
import { startRunsApi } from "../testing/api.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";

const RENAMED = "session { id title titledBy titledAt }";

describe("sessions in the API", () => {
  let harness: EngineHarness;
  let api: Awaited<ReturnType<typeof startRunsApi>>;
  // biome-ignore lint/suspicious/noExplicitAny: answers of ad hoc documents
  let ask: (query: string, tenant?: string) => Promise<any>;
  const asked: ChatRequest[] = [];
  beforeAll(async () => {
    const model = (request: ChatRequest): string => {
      asked.push(request);
      return `answer ${asked.length}`;
    };
    const { services } = createTestServices({ model, now: () => new Date() });
    harness = await createEngineHarness([assistant], {
      services: ({ run }) => ({ ...services, session: bindSession(harness.database.worker, { run }) }),
    });
    await harness.startWorker();
    api = await startRunsApi(harness, [assistant]);
    ask = (query, tenant = "acme") => api.ask(query, tenant);
  });
  afterAll(async () => {
    await api.close();
    await harness.close();
  });

  const rename = (sessionId: string, title: string | null, tenant = "acme") =>
    ask(
      `mutation { renameSession(input: { sessionId: "${sessionId}", title: ${JSON.stringify(title)}, idempotencyKey: "k" }) { ${RENAMED} } }`,
      tenant,
    );
  async function say(text: string, sessionId?: string): Promise<{ runId: string; sessionId: string }> {
    const run = await harness.start({
      graph: "assistant",
      input: { text },
      ...(sessionId === undefined ? {} : { sessionId }),
    });
    await harness.finished(run.runId);
    return run;
  }
  async function fork(runId: string, text: string): Promise<{ runId: string; sessionId: string }> {
    const input = `runId: "${runId}", atSeq: 1, input: { text: "${text}" }, idempotencyKey: "${runId} ${text}"`;
    const { data } = await ask(`mutation { forkRun(input: { ${input} }) { run { id session { id } } } }`);
    const { id, session } = data.forkRun.run;
    harness.wakeUp.changed(WORK_WAITS);
    await harness.finished(id);
    return { runId: id, sessionId: session.id };
  }
  /** What the model was told before the newest question, and that. */
  const told = (): string[] => (asked.at(-1)?.messages ?? []).slice(1).map(({ content }) => content ?? "");

  it("are called what somebody says, with who said it and when, until they are called nothing again", async () => {
    const { sessionId } = await say("hello");
    const query = `{ session(id: "${sessionId}") { title titledBy titledAt } }`;
    expect((await ask(query)).data.session).toEqual({ title: null, titledBy: null, titledAt: null });
    const { session } = (await rename(sessionId, " Tea \n for two ")).data.renameSession;
    expect(session).toEqual({
      ...{ id: sessionId, title: "Tea for two", titledBy: "user:ada" },
      titledAt: expect.any(String),
    });
    expect((await rename(sessionId, "Tea for two")).data.renameSession.session).toEqual(session);
    expect((await rename(sessionId, null)).data.renameSession.session).toMatchObject({
      ...{ title: null, titledBy: "user:ada" },
    });
  });

  it("are not called what is too long, and not by those of another tenant", async () => {
    const { sessionId } = await say("hello");
    expect((await rename(sessionId, "x".repeat(201))).errors).toMatchObject([
      { message: "a session is called by at most 200 characters, and this has 201", extensions: { code: "BAD_INPUT" } },
    ]);
    for (const [id, tenant] of [
      [sessionId, "other"],
      ["nothing", "acme"],
    ] as const)
      expect((await rename(id, "mine", tenant)).errors).toMatchObject([
        { message: `session ${id} cannot be renamed: it does not exist`, extensions: { code: "NOT_FOUND" } },
      ]);
    expect((await ask(`{ session(id: "${sessionId}") { title } }`)).data.session.title).toBeNull();
  });

  it("go on from before the run that was forked, and the model is told what was said there and no more", async () => {
    const first = await say("one");
    const second = await say("two", first.sessionId);
    await say("three", first.sessionId);
    const other = await fork(second.runId, "deux");
    expect(told()).toEqual(["one", expect.stringContaining("answer"), "deux"]);
    await say("trois", other.sessionId);
    expect(told().filter((_, at) => at % 2 === 0)).toEqual(["one", "deux", "trois"]);

    const again = await fork(other.runId, "zwei");
    expect(told().filter((_, at) => at % 2 === 0)).toEqual(["one", "zwei"]);
    const drei = await say("drei", again.sessionId);
    const third = await fork(drei.runId, "vier");
    expect(told().filter((_, at) => at % 2 === 0)).toEqual(["one", "zwei", "vier"]);

    const query = `{ session(id: "${third.sessionId}") { forkedFrom { id } earlierRuns { input } runs { nodes { input } } } }`;
    const { session } = (await ask(query)).data;
    expect(session).toEqual({
      forkedFrom: { id: drei.runId },
      earlierRuns: [{ input: { text: "zwei" } }, { input: { text: "one" } }],
      runs: { nodes: [{ input: { text: "vier" } }] },
    });
    const forks = `{ run(id: "${second.runId}") { forks { id session { id } } session { forkedFrom { id } earlierRuns { id } } } }`;
    expect((await ask(forks)).data.run).toEqual({
      // The event was written by the run that was first there, of which both are forks.
      forks: [again, other].map(({ runId, sessionId }) => ({ id: runId, session: { id: sessionId } })),
      session: { forkedFrom: null, earlierRuns: [] },
    });
    expect((await ask(forks, "other")).data.run).toBeNull();
  });
});
