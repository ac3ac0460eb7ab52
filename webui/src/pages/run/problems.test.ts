import { expect, test } from "vitest";
import { started } from "../../run-log/testing/history.ts";
import { view } from "../../run-log/testing/views.ts";
import { isProblem, nextProblem } from "./problems.ts";

const ERROR = { code: "TIMEOUT", message: "no answer" };
const { steps } = view([
  started,
  ["STEP_SUCCEEDED", "1 model", {}],
  ["STEP_FAILED", "2 tool", { error: ERROR }],
  ["STEP_SUCCEEDED", "3 tool", { output: { tool: "fetch", status: "TIMED_OUT" } }],
  ["STEP_DENIED", "4 policy", {}],
  ["STEP_CANCELED", "5 tool", {}],
  ["STEP_SUCCEEDED", "6 tool", { output: { tool: "fetch", status: "SUCCEEDED" } }],
]);

test("isProblem() is true of what failed, was refused or broke off, and not of what somebody canceled", () => {
  expect(steps.filter(isProblem).map(({ number }) => number)).toEqual([2, 3, 4]);
});

test("nextProblem() goes from one to the next and back, round the ends", () => {
  const from = [undefined, 1, 2, 3, 4, 6];
  expect(from.map((step) => nextProblem(steps, step, "next"))).toEqual([2, 2, 3, 4, 2, 2]);
  expect(from.map((step) => nextProblem(steps, step, "before"))).toEqual([4, 4, 4, 2, 3, 4]);
  expect(nextProblem(steps.slice(0, 1), undefined, "next")).toBeUndefined();
});
