import { graph, replaced } from "@soma/sdk/graph";
import { SomaError } from "@soma/shared/errors";
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
    retry: { maxAttempts: 2, initialMs: 1, maxMs: 2 },
    run: () => Promise.reject(new SomaError("UNAVAILABLE", "nobody answers")),
    giveUp: (_state, { message }) => ({ denied: true, summary: "no", patch: { said: message } }),
  })
  .build((state) => state.said);

describe("a step that cannot reach what it needs", () => {
  let harness: EngineHarness;
  beforeAll(async () => {
    harness = await createEngineHarness([waiting, refusing]);
    await harness.startWorker();
  });
  afterAll(() => harness.close());

  it("waits for it, and its run succeeds as if nothing had been", async () => {
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
