import { describe, expect, it } from "vitest";
import { aHistory, RUN_ID } from "../testing/events.ts";
import { type EffectChoice, keptOf, planReturn } from "./on-return.ts";

const events = aHistory(
  { kind: "RUN_STARTED" },
  { kind: "STEP_STARTED", step: 1, node: "call" },
  { kind: "STEP_SUCCEEDED", step: 1, node: "call" },
  { kind: "STEP_STARTED", step: 2, node: "call" },
  { kind: "STEP_DENIED", step: 2, node: "call" },
  { kind: "STEP_STARTED", step: 3, node: "ask" },
  { kind: "APPROVAL_ASKED", step: 3, node: "ask" },
  { kind: "STEP_SUCCEEDED", step: 3, node: "ask" },
  { kind: "STEP_STARTED", step: 4, node: "pay", payload: { summary: null, once: true } },
  { kind: "APPROVAL_ASKED", step: 4, node: "pay" },
  { kind: "STEP_SUCCEEDED", step: 4, node: "pay" },
  { kind: "STEP_STARTED", step: 5, node: "send" },
  { kind: "STEP_FAILED", step: 5, node: "send" },
);
const plan = (...chosen: EffectChoice[]) => planReturn(events, 1, chosen);
const choose = (stepNumber: number, onReturn: EffectChoice["onReturn"]) => ({ stepNumber, onReturn });

describe("planReturn()", () => {
  it("does everything anew where nothing is chosen, and says what may be", () => {
    expect(plan().map(({ step, onReturn, choices }) => [step.number, onReturn, choices])).toEqual([
      [1, "RUN_AGAIN", ["RUN_AGAIN", "REUSE", "STUB"]],
      [2, "RUN_AGAIN", ["RUN_AGAIN", "REUSE", "STUB"]],
      [3, "RUN_AGAIN", ["RUN_AGAIN"]],
      [4, "RUN_AGAIN", ["RUN_AGAIN", "REUSE", "STUB"]],
      [5, "RUN_AGAIN", ["RUN_AGAIN", "STUB"]],
    ]);
  });

  it.each<[string, EffectChoice[], RegExp]>([
    ["of a step there is not", [choose(9, "STUB")], /step 9 .*no such step after event 1 .*they are 1, 2, 3, 4, 5/],
    ["twice of one", [choose(1, "STUB"), choose(1, "REUSE")], /step 1 .*chosen for twice/],
    ["to keep what a person agreed to", [choose(3, "REUSE")], /step 3 .*is asked again/],
    ["to keep what came to nothing", [choose(5, "REUSE")], /step 5 .*no result/],
  ])("refuses a choice %s", (_what, chosen, why) => {
    expect(() => plan(...chosen)).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
    expect(() => plan(...chosen)).toThrow(why);
  });

  it("leaves what an earlier rollback took back to be done anew, and says where there is nothing to choose", () => {
    const back = aHistory(
      { kind: "RUN_STARTED" },
      { kind: "STEP_STARTED", step: 1 },
      { kind: "STEP_SUCCEEDED", step: 1 },
      { kind: "RUN_ROLLED_BACK", payload: { toSeq: 1, nextStep: 2 } },
      { kind: "STEP_SUCCEEDED", step: 2, payload: { insteadOf: 1 } },
    );
    const planned = planReturn(back, 1, [choose(2, "REUSE")]);
    expect(planned.map(({ step, choices }) => [step.number, choices.length])).toEqual([
      [1, 1],
      [2, 3],
    ]);
    expect(keptOf(planned, back)).toEqual([{ step: 2, node: "n", nth: 0, result: { runId: RUN_ID, seq: 5 } }]);
    expect(() => planReturn(back, 1, [choose(1, "STUB")])).toThrow(/earlier rollback/);
    expect(() => planReturn(back, 5, [choose(1, "STUB")])).toThrow(/they are none/);
  });
});

describe("keptOf()", () => {
  it("names each by how often its node came before it, with the event that ended it", () => {
    expect(keptOf(plan(choose(2, "REUSE"), choose(5, "STUB")), events)).toEqual([
      { step: 2, node: "call", nth: 1, result: { runId: RUN_ID, seq: 5 } },
      { step: 5, node: "send", nth: 0, result: null },
    ]);
  });
});
