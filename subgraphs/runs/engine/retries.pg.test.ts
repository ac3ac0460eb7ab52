import { map } from "@soma/sdk/branches";
import { graph, replaced } from "@soma/sdk/graph";
import { SomaError } from "@soma/shared/errors";
import { createLog } from "@soma/shared/log";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";

const TRIES = 7;

const waiting = graph("waiting", 1, { tries: replaced(0) })
  .node("needy", {
    type: "tool",
    retry: { maxAttempts: 2, initialMs: 1, maxMs: 2, outageMs: 60_000 },
    run(_state, { attempt }) {
      if (attempt < TRIES) throw new SomaError("UNAVAILABLE", "the database ended the connection; try again");
      return { summary: "worked", patch: { tries: attempt } };
    },
  })
  .build((state) => `after ${state.tries}`);

const refusing = graph("refusing", 1, { said: replaced("") })
  .node("asks", {
    type: "policy",
    retry: { maxAttempts: 2, initialMs: 1, maxMs: 2, outageMs: 0 },
    run: () => Promise.reject(new SomaError("UNAVAILABLE", "nobody answers")),
    giveUp: (_state, { message }) => ({ denied: true, summary: "no", patch: { said: message } }),
  })
  .build((state) => state.said);

const failing = graph("failing", 1, { tries: replaced(0) })
  .node("flaky", {
    type: "tool",
    retry: { maxAttempts: 3, initialMs: 1, maxMs: 2, outageMs: 0 },
    run(_state, { attempt, run }) {
      const { text } = run.input as { text: string };
      if (attempt < 3 || text === "always")
        throw new SomaError(text === "final" ? "BAD_INPUT" : "UNAVAILABLE", `attempt ${attempt} failed`);
      return { summary: "worked", patch: { tries: attempt } };
    },
  })
  .build((state) => `after ${state.tries}`);

const unsaid = (): never => {
  throw new Error("it does not know what it is about");
};
const wordless = graph("wordless", 1, { word: replaced(""), came: replaced("") })
  .node("work", {
    type: "tool",
    ...{ summary: unsaid, inputSummary: unsaid, giveUp: unsaid },
    run({ word }) {
      if (word === "bad") throw new SomaError("BAD_INPUT", "it is bad");
      return { summary: "worked", patch: { came: word } };
    },
  })
  .build(({ came }) => came);
const wordlessOnes = graph("wordless-ones", 1, { came: replaced<string[]>([]) })
  .node(
    "each",
    map({
      over: () => ["good", "bad"],
      graph: wordless,
      start: (word) => ({ word }),
      join: (ends) => ({ summary: "", patch: { came: ends.map(({ came }) => came) } }),
      giveUp: ({ message }) => ({ came: message }),
    }),
  )
  .build(({ came }) => came.join(", "));

const unanswered = graph("unanswered", 1, {})
  .node("work", { type: "tool", run: () => ({ summary: "worked" }) })
  .build(unsaid);

describe("a step that failed, or cannot reach what it needs", () => {
  let harness: EngineHarness;
  const lines: Record<string, unknown>[] = [];
  beforeAll(async () => {
    const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
    const log = createLog({ level: "error", service: "test", destination });
    harness = await createEngineHarness([failing, waiting, refusing, wordlessOnes, unanswered], { log });
    await harness.startWorker();
  });
  afterAll(() => harness.close());

  it("tries a step again with its policy, then fails the run with the step's error", async () => {
    const [works, never, final] = await Promise.all([
      harness.start({ graph: "failing" }),
      harness.start({ graph: "failing", input: { text: "always" } }),
      harness.start({ graph: "failing", input: { text: "final" } }),
    ]);
    expect((await harness.finished(works.runId)).status).toBe(10);
    expect((await harness.finished(never.runId)).status).toBe(11);
    expect((await harness.finished(final.runId)).status).toBe(11);
    const kinds = async (runId: string) => (await harness.history(runId)).map((event) => event.kind);
    expect((await kinds(works.runId)).filter((kind) => kind === "STEP_RETRIED")).toHaveLength(2);
    expect((await harness.history(never.runId)).at(-1)?.payload).toEqual({
      error: { code: "UNAVAILABLE", message: "attempt 3 failed" },
    });
    expect((await kinds(final.runId)).filter((kind) => kind === "STEP_RETRIED")).toHaveLength(0);
  });

  it("ends as it ended, also when its node cannot say what it is about", async () => {
    const { runId } = await harness.start({ graph: "wordless-ones" });
    expect((await harness.finished(runId)).status).toBe(10);
    const history = await harness.history(runId);
    expect(history.at(-1)?.payload.answer).toBe("good, it is bad");
    const steps = history.filter(({ node }) => /\/work$/.test(node ?? ""));
    const told = (ends: boolean) => steps.filter(({ kind }) => (kind !== "STEP_STARTED") === ends);
    expect(
      told(false)
        .map(({ payload }) => payload.summary)
        .sort(),
    ).toEqual(["each[0]/work", "each[1]/work"]);
    expect(
      told(true)
        .map(({ kind }) => kind)
        .sort(),
    ).toEqual(["STEP_FAILED", "STEP_SUCCEEDED"]);
    for (const { payload } of told(true)) expect(payload.inputSummary).toMatch(/^\{word: /);
  });

  it("fails its run where the graph cannot say what it came to, and the log says why", async () => {
    const { runId } = await harness.start({ graph: "unanswered" });
    expect((await harness.finished(runId)).status).toBe(11);
    expect((await harness.history(runId)).at(-1)?.payload.error).toMatchObject({ code: "INTERNAL" });
    const told = lines.filter(({ run_id }) => run_id === runId);
    expect(told).toMatchObject([
      { msg: "a run failed unexpectedly", err: { message: "it does not know what it is about" } },
    ]);
  });

  it("waits for what is away, and its run succeeds as if nothing had been", async () => {
    const { runId } = await harness.start({ graph: "waiting" });
    expect((await harness.finished(runId)).status).toBe(10);
    const kinds = (await harness.history(runId)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "STEP_RETRIED")).toHaveLength(TRIES - 1);
  });

  it("comes to what its node makes of having no attempt left, and its run goes on", async () => {
    const { runId } = await harness.start({ graph: "refusing" });
    expect((await harness.finished(runId)).status).toBe(10);
    const events = await harness.history(runId);
    expect(events.map(({ kind }) => kind)).toContain("STEP_DENIED");
    expect(events.at(-1)?.payload).toEqual({ answer: "nobody answers" });
  });
});
