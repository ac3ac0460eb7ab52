import { describe, expect, it } from "vitest";
import { runAgent } from "./run-agent.ts";
import { tryStep } from "./testing/step.ts";

const EIGHT = new Date("2026-01-02T08:00:00Z");

describe("runAgent()", () => {
  const options = {
    graph: "researcher",
    input: ({ text }: { text: string }) => ({ text }),
    done: ({ status, answer }: { status: string; answer: string | null }) => ({ summary: `${status} ${answer}` }),
  };
  const state = { text: "why" };

  it("starts a run of the graph, and waits for its end", async () => {
    expect((await tryStep(runAgent(options), { state })).parked).toEqual({
      parkedForRun: { graph: "researcher", input: { text: "why" } },
      summary: "waits for the agent researcher",
    });
    const bounded = runAgent({ ...options, role: "restricted", until: () => EIGHT });
    expect((await tryStep(bounded, { state })).parked).toMatchObject({
      parkedUntil: EIGHT,
      parkedForRun: { role: "restricted" },
    });
  });

  it("comes to what the run came to, or to being late", async () => {
    const woken = { by: "RUN", runId: "r", status: "SUCCEEDED", answer: "so", error: null } as const;
    expect((await tryStep(runAgent(options), { state, context: { woken } })).result.summary).toBe("SUCCEEDED so");
    const context = { woken: { by: "TIME" } } as const;
    expect((await tryStep(runAgent(options), { state, context })).result).toEqual({
      summary: "no end of researcher came in time",
    });
    const late = runAgent({ ...options, late: () => ({ summary: "gave up" }) });
    expect((await tryStep(late, { state, context })).result.summary).toBe("gave up");
  });
});
