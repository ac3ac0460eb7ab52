import { describe, expect, it } from "vitest";
import { aHistory, type Draft, RUN_ID } from "../testing/events.ts";
import { type EffectChoice, keptField, planReturn } from "./on-return.ts";

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
    expect(plan().effects.map(({ step, onReturn, choices }) => [step.number, onReturn, choices])).toEqual([
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
    const { effects, kept } = planReturn(back, 1, [choose(2, "REUSE")]);
    expect(effects.map(({ step, choices }) => [step.number, choices.length])).toEqual([
      [1, 1],
      [2, 3],
    ]);
    expect(kept).toEqual([{ step: 2, node: "n", nth: 0, result: { runId: RUN_ID, seq: 5 } }]);
    expect(() => planReturn(back, 1, [choose(1, "STUB")])).toThrow(/earlier rollback/);
    expect(() => planReturn(back, 5, [choose(1, "STUB")])).toThrow(/they are none/);
  });
});

describe("keptField()", () => {
  it("names each by how often its node came before it, with the event that ended it", () => {
    expect(keptField(plan(choose(2, "REUSE"), choose(5, "STUB"), choose(4, "RUN_AGAIN")))).toEqual({
      kept: [
        { step: 2, node: "call", nth: 1, result: { runId: RUN_ID, seq: 5 } },
        { step: 5, node: "send", nth: 0, result: null },
      ],
    });
    expect(keptField(plan())).toEqual({});
  });

  const reuse = { step: 2, node: "call", nth: 1, result: { runId: RUN_ID, seq: 5 } };
  const stub = { step: 5, node: "send", nth: 0, result: null };
  const back: Draft[] = [
    { kind: "RUN_STARTED" },
    { kind: "RUN_ROLLED_BACK", payload: { toSeq: 1, nextStep: 6, kept: [reuse, stub] } },
    { kind: "STEP_STARTED", step: 6, node: "call" },
    { kind: "STEP_SUCCEEDED", step: 6, node: "call" },
    { kind: "STEP_SUCCEEDED", step: 7, node: "call", payload: { insteadOf: 2 } },
    { kind: "STEP_SUCCEEDED", step: 8, node: "send", payload: { insteadOf: 5 } },
  ];

  it("goes on with what an earlier one said of steps that have not come, counted from the new point", () => {
    const events = aHistory(...back);
    expect(planReturn(events, 4, []).kept).toEqual([{ ...reuse, nth: 0 }, stub]);
    expect(planReturn(events, 5, []).kept).toEqual([stub]);
    expect(planReturn(events, 4, []).effects.map(({ onReturn }) => onReturn)).toEqual(["REUSE", "STUB"]);
    expect(planReturn(events, 4, [choose(7, "RUN_AGAIN")]).kept).toEqual([stub]);
    expect(planReturn(events, 1, []).kept, "before it was said").toEqual([]);
  });

  it("lets nothing be chosen from a point that an earlier rollback took back, of which other steps came since", () => {
    const lines = aHistory(
      { kind: "RUN_STARTED" },
      { kind: "STEP_STARTED", step: 1, node: "pay" },
      { kind: "STEP_SUCCEEDED", step: 1, node: "pay" },
      { kind: "RUN_ROLLED_BACK", payload: { toSeq: 1, nextStep: 2 } },
      { kind: "STEP_STARTED", step: 2, node: "pay" },
      { kind: "STEP_SUCCEEDED", step: 2, node: "pay" },
    );
    expect(planReturn(lines, 3, []).effects.map(({ choices }) => choices)).toEqual([["RUN_AGAIN"]]);
    expect(() => planReturn(lines, 3, [choose(2, "REUSE")])).toThrow(/took it back/);
  });

  it("lets a step with branches be done again alone: what was agreed to in them holds once", () => {
    const branched = aHistory(
      { kind: "RUN_STARTED" },
      { kind: "STEP_STARTED", step: 1, node: "both", payload: { summary: null, branches: 2 } },
      { kind: "STEP_STARTED", step: 2, node: "both[a]/ask" },
      { kind: "APPROVAL_ASKED", step: 2, node: "both[a]/ask" },
      { kind: "STEP_SUCCEEDED", step: 2, node: "both[a]/ask" },
      { kind: "STEP_SUCCEEDED", step: 1, node: "both" },
    );
    expect(() => planReturn(branched, 1, [choose(1, "REUSE")])).toThrow(/choose for the steps in them/);
  });
});
