import { CombinedError } from "urql";
import { expect, test } from "vitest";
import { toFields } from "./form-fields.ts";
import { faultsOf, placeFaults } from "./place-faults.ts";

const fields = toFields({ type: "object", properties: { "a/b": {}, "~x": {}, tags: {} } }) ?? [];

test("placeFaults() puts each fault beside its field, with the way to it in there, and keeps the others", () => {
  const said = (path: string, message = "is wrong") => ({ path, message });
  expect(
    placeFaults(fields, [
      said("/a~1b"),
      said("/~0x/y", "is 1"),
      said("/tags/0"),
      said("/tags/1/z"),
      said("/no"),
      said(""),
    ]),
  ).toEqual({
    byKey: { "a/b": "is wrong", "~x": "y is 1", tags: "0 is wrong; 1/z is wrong" },
    others: [said("/no"), said("")],
  });
});

test("faultsOf() has what an error tells of an input, and nothing of other errors", () => {
  const told = (faults: unknown) =>
    faultsOf(new CombinedError({ graphQLErrors: [{ message: "no", extensions: { faults } }] }));
  const fault = { path: "/a", message: "is wrong" };
  expect(told([fault, "x", { path: 1, message: "x" }])).toEqual([fault]);
  expect([told(undefined), faultsOf(new CombinedError({ networkError: new Error("away") }))]).toEqual([[], []]);
});
