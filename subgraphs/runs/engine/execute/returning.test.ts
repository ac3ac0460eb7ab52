import { expect, it } from "vitest";
import { aHistory } from "../../testing/events.ts";
import { createReturning } from "./returning.ts";

const kept = [
  { step: 2, node: "call", nth: 1, result: null },
  { step: 5, node: "each[a]/call", nth: 0, result: { runId: "r", seq: 9 } },
];
const payload = { toSeq: 1, nextStep: 6, kept };

it("createReturning() gives what is kept of a node when it comes as often as it had then, and once", () => {
  const returning = createReturning(aHistory({ kind: "RUN_STARTED" }, { kind: "RUN_ROLLED_BACK", payload }));
  expect(["call", "call", "call", "each[a]/call", "each[a]/call", "other"].map(returning.take)).toEqual([
    undefined,
    kept[0],
    undefined,
    kept[1],
    undefined,
    undefined,
  ]);
});

it("createReturning() counts steps that began since, each once, and asks the newest fork or rollback alone", () => {
  const since = [
    { kind: "RUN_STARTED" },
    { kind: "STEP_SUCCEEDED", step: 1, node: "call" },
    { kind: "RUN_FORKED", payload },
    { kind: "STEP_STARTED", step: 6, node: "call" },
    { kind: "STEP_SUCCEEDED", step: 6, node: "call" },
  ] as const;
  expect(createReturning(aHistory(...since)).take("call")).toEqual(kept[0]);
  const later = { kind: "RUN_ROLLED_BACK", payload: { toSeq: 3, nextStep: 7 } } as const;
  expect(createReturning(aHistory(...since, later)).take("call")).toBeUndefined();
});
