import { expect, it } from "vitest";
import { toSteps } from "./option-values.ts";

it("toSteps() reads numbers between commas, and refuses anything else", () => {
  expect(toSteps("3,5")).toEqual([3, 5]);
  for (const text of ["", "3,", "a", "0", "1.5"]) expect(() => toSteps(text), text).toThrow(/numbers of steps/);
});
