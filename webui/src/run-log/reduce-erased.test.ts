import { ERASED_PAYLOAD } from "@soma/schemas/erased-payload";
import { expect, test } from "vitest";
import { type Line, WHOLE_RUN } from "./testing/history.ts";
import { view } from "./testing/views.ts";

const erased = (lines: readonly Line[]): Line[] => lines.map(([type, step]) => [type, step, ERASED_PAYLOAD]);

test("reduce() shows of an erased run its steps and how they ended, and says that the rest is gone", () => {
  const whole = view(WHOLE_RUN);
  const { status, steps, items, question, badCalls } = view(erased(WHOLE_RUN));
  expect([status, question, badCalls]).toEqual([whole.status, "", { failed: 0, denied: 0, cut: 0 }]);
  expect(steps.map(({ id, status }) => [id, status])).toEqual(whole.steps.map(({ id, status }) => [id, status]));
  expect(new Set(steps.map(({ summary }) => summary))).toEqual(new Set(["erased"]));
  const texts = items.flatMap((item) => (item.kind === "notice" ? [item.text] : []));
  expect(texts).toEqual([expect.stringContaining("What was asked and answered here was erased")]);
  expect(items.filter(({ kind }) => kind === "text")).toEqual([]);
});

test("reduce() takes no erased decision for none, and no erased fork for one from nowhere", () => {
  const { status, items } = view(
    erased([
      ["RUN_FORKED", null],
      ["APPROVAL_ASKED", "1 asks"],
      ["APPROVAL_DECIDED", "1 asks"],
    ]),
  );
  expect(status).toBe("RUNNING");
  expect(items.map((item) => (item.kind === "notice" ? item.text : ""))).toEqual([
    expect.stringContaining("was erased"),
    "A person is asked: erased",
  ]);
});
