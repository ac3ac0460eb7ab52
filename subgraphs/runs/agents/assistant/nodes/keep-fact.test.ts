import { MAX_FACT_LENGTH } from "@soma/sdk/remember-tool";
import type { RememberParams, StepServices } from "@soma/sdk/services";
import { tryStep } from "@soma/sdk/testing/step";
import { describe, expect, it } from "vitest";
import type { AssistantState } from "../assistant-state.ts";
import assistant from "../graph.ts";
import { toolNode } from "./tool.ts";

/** Makes the call as the tool node does, under a policy that allows it; what reached the memory service is kept. */
async function remember(args: unknown) {
  const kept: RememberParams[] = [];
  const services: Partial<StepServices> = {
    policy: { decide: async () => ({ id: "d", allow: true, reason: "", token: "t" }) },
    memory: {
      recall: async () => ({ source: "local", hits: [] }),
      remember: async (params) => {
        kept.push(params);
        return { memoryId: "m", deduplicated: false };
      },
      link: async () => {},
    },
  };
  const call = { id: "call_1", ordinal: 1, name: "remember", arguments: JSON.stringify(args) };
  const { result } = await tryStep(toolNode, {
    state: { ...(assistant.initial() as AssistantState), calls: [call] },
    services,
  });
  return { kept: kept.map(({ kind, content }) => [kind, content]), result };
}

describe("the tool remember", () => {
  it("keeps a fact as it is, up to the length that models are told", async () => {
    for (const text of ["My number is 37.", "ä".repeat(MAX_FACT_LENGTH)]) {
      const { kept, result } = await remember({ text });
      expect(kept).toEqual([["FACT", text]]);
      expect(result.patch?.factIds).toEqual(["m"]);
    }
  });

  it("keeps nothing of what is no fact, and tells the model why", async () => {
    const table: [unknown, string][] = [
      [{}, "it was given no text"],
      [{ text: 7 }, "it was given no text"],
      [{ text: " \n" }, "it was given no text"],
      [{ text: "x".repeat(MAX_FACT_LENGTH + 1) }, "the text has 2001 characters; a fact has at most 2000"],
    ];
    for (const [args, why] of table) {
      const { kept, result } = await remember(args);
      expect(kept).toEqual([]);
      expect(result.summary).toBe(`remember failed: ${why}`);
      expect(JSON.stringify(result.patch?.messages)).toContain(`nothing was remembered: ${why}`);
    }
  });
});
