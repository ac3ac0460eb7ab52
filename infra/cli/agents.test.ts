import { expect, it } from "vitest";
import { toAsked } from "./agents.ts";

it("toAsked() takes a text for what it is, and JSON for the whole input", () => {
  expect(toAsked("refund", "refund A-17")).toEqual({ graph: "refund", input: { text: "refund A-17" } });
  expect(toAsked("refund", '{"text": "x", "order": 7}')).toEqual({ graph: "refund", input: { text: "x", order: 7 } });
  expect(() => toAsked("refund", '{"order": 7')).toThrow(
    'the input of refund begins like JSON and is none: {"order": 7',
  );
});
