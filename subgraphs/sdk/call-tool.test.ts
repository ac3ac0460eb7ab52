import { describe, expect, it } from "vitest";
import { callTool } from "./call-tool.ts";
import { graph, replaced } from "./graph.ts";
import { testAgent } from "./test-agent.ts";

describe("callTool()", () => {
  const lookUp = (more: object = {}) =>
    graph("only", 1, { said: replaced("") })
      .node("only", callTool("look_up", { args: () => ({ id: 7 }), into: (output) => ({ said: output }), ...more }))
      .build(({ said }) => said);
  const broken = () => {
    throw Object.assign(new Error("no connection"), { type: "broken" });
  };

  it("calls a tool under policy, and keeps its output", async () => {
    const run = await testAgent(lookUp(), { tools: { look_up: ({ id }) => ({ id }) } });
    expect(run).toMatchObject({ status: "SUCCEEDED", answer: '{"id":7}' });
    expect(run.calls).toEqual([{ tool: "look_up", args: { id: 7 }, status: "SUCCEEDED" }]);
    expect(run.steps[0]).toMatchObject({
      summary: "look_up answered",
      output: { tool: "look_up", status: "SUCCEEDED" },
    });
  });

  it("fails the run when the call is denied, fails or has no tool, unless its author makes more of it", async () => {
    const table = [
      [{ denied: ["look_up"], tools: { look_up: () => "" } }, "look_up ended DENIED: the test denies it", "DENIED"],
      [{ tools: { look_up: broken } }, "look_up ended FAILED: no connection", "SUCCEEDED"],
      [{ tools: {} }, 'look_up ended DENIED: there is no tool "look_up"', "DENIED"],
    ] as const;
    for (const [params, message, status] of table) {
      expect(await testAgent(lookUp(), params)).toMatchObject({
        status: "FAILED",
        error: { code: "STEP_REFUSED", message },
      });
      const otherwise = ({ reason }: { reason: string }) => ({ said: reason });
      const kept = await testAgent(lookUp({ otherwise }), params);
      expect(kept).toMatchObject({ status: "SUCCEEDED", steps: [{ status }] });
      expect(message).toContain(kept.answer);
    }
  });

  it("calls a tool again that failed, as often as it is told, each time as a call of its own", async () => {
    let count = 0;
    const flaky = () => (++count < 3 ? broken() : "found");
    const run = await testAgent(lookUp({ tries: 3 }), { tools: { look_up: flaky } });
    expect(run).toMatchObject({ status: "SUCCEEDED", answer: "found", steps: [{ attempts: 3 }] });
    expect(run.calls.map(({ status }) => status)).toEqual(["FAILED", "FAILED", "SUCCEEDED"]);
    const lost = await testAgent(lookUp({ tries: 2 }), { tools: { look_up: broken } });
    expect([lost.status, lost.calls.length]).toEqual(["FAILED", 2]);
    expect(() => lookUp({ tries: 0 })).toThrow("tool look_up is tried 0 times");
  });
});
