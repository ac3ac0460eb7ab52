import type { StepServices, ToolInvocation } from "@soma/sdk/services";
import { tryStep } from "@soma/sdk/testing/step";
import { SomaError } from "@soma/shared/errors";
import { describe, expect, it } from "vitest";
import type { AssistantState } from "../assistant-state.ts";
import assistant from "../graph.ts";
import { toolNode } from "./tool.ts";

const call = { id: "call_1", name: "code_run", arguments: '{"code":"1"}', ordinal: 1 };
const state: AssistantState = { ...(assistant.initial() as AssistantState), calls: [call], allowed: true };

/** Services of a tool call that ends as `invoke` says; what was canceled is remembered. */
function services(invoke: () => Promise<ToolInvocation>, canceled: string[] = []): Partial<StepServices> {
  const tool = {
    name: "code_run",
    version: "1",
    description: "",
    inputSchema: {},
    risk: "HIGH",
    timeoutMs: 1_000,
  } as const;
  return {
    policy: { decide: async () => ({ id: "d", allow: true, reason: "ok", token: "t" }) },
    tools: {
      list: async () => [tool],
      invocationIdOf: (key) => `invocation of ${key}`,
      invoke,
      cancel: async (id) => void canceled.push(id),
      async *frames() {},
    },
  };
}

const interrupted = (): Promise<never> => Promise.reject(new SomaError("CANCELED", "the call was given up"));

describe("toolNode", () => {
  it("stops the invocation when the run was canceled", async () => {
    const canceled: string[] = [];
    const context = { signal: AbortSignal.abort(), canceled: () => true };
    await expect(tryStep(toolNode, { state, services: services(interrupted, canceled), context })).rejects.toThrow();
    expect(canceled).toEqual(["invocation of 01890000-0000-7000-8000-000000000001:call:1"]);
  });

  it("leaves the invocation alone when only this process stops or lost the run: whoever goes on attaches to it", async () => {
    const canceled: string[] = [];
    const context = { signal: AbortSignal.abort(), canceled: () => false };
    await expect(tryStep(toolNode, { state, services: services(interrupted, canceled), context })).rejects.toThrow();
    expect(canceled).toEqual([]);
  });

  it("tells the model how the call ended, and the bus only its size", async () => {
    const answer = { id: "i", status: "SUCCEEDED", output: "a secret", error: null };
    const { result } = await tryStep(toolNode, { state, services: services(async () => answer) });
    expect(result).toMatchObject({ summary: "code_run answered", outputSummary: "SUCCEEDED, 8 bytes" });
    expect(result.patch?.calls).toEqual([]);
    expect(JSON.stringify(result.patch?.messages)).toContain("a secret");
  });
});
