import type { StepServices } from "@soma/sdk/services";
import { tryStep } from "@soma/sdk/testing/step";
import { SomaError } from "@soma/shared/errors";
import { describe, expect, it } from "vitest";
import type { AssistantState } from "../assistant-state.ts";
import assistant from "../graph.ts";
import { policyNode } from "./policy.ts";

const call = { id: "call_1", name: "remember", arguments: '{"text":"x"}', ordinal: 1 };
const state: AssistantState = { ...(assistant.initial() as AssistantState), calls: [call] };

const decidedBy = (decide: StepServices["policy"]["decide"]): Partial<StepServices> => ({ policy: { decide } });

describe("policyNode", () => {
  it("leaves it to the engine to ask again when the policy cannot be reached: that is no decision", async () => {
    const services = decidedBy(() => Promise.reject(new SomaError("UNAVAILABLE", "the connection was lost")));
    await expect(tryStep(policyNode, { state, services })).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  it("tells the model which number it has to write otherwise, and asks nobody about it", async () => {
    const calls = [{ ...call, arguments: '{"text":"x","id":9007199254740993}' }];
    const { result } = await tryStep(policyNode, { state: { ...state, calls } });
    expect(result).toMatchObject({ denied: true, patch: { calls: [] } });
    expect(result.summary).toContain('the number 9007199254740993 at "id" cannot be kept exactly; send it as a text');
  });

  it("takes no decision for a no, once nobody asks any more", () => {
    const { denied, summary, patch } = policyNode.giveUp?.(state, { code: "UNAVAILABLE", message: "it is away" }) ?? {};
    expect(denied).toBe(true);
    expect(summary).toBe("remember is not allowed: policy_error: it is away");
    expect(patch?.calls).toEqual([]);
  });
});
