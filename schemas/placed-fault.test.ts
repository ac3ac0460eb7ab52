import { expect, test } from "vitest";
import { toPlacedFaults } from "./placed-fault.ts";

const fault = { path: "/amount", message: "must be number" };

test("toPlacedFaults() has each fault of a list with nothing else in it, and leaves out what is none", () => {
  const odd = ["x", null, { path: 1, message: "x" }, { path: "/a" }];
  expect(toPlacedFaults([...odd, { ...fault, secret: 1 }, { path: "", message: "is no input" }])).toEqual([
    fault,
    { path: "", message: "is no input" },
  ]);
});

test("toPlacedFaults() has none of what is no list", () => {
  expect([undefined, null, "x", fault, []].map(toPlacedFaults)).toEqual([[], [], [], [], []]);
});
