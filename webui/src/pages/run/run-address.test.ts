import { expect, test } from "vitest";
import { parseRunAddress, statePath, toRunAddress } from "./run-address.ts";

const NONE = { step: undefined, event: undefined, seq: undefined, from: undefined };
const PLAIN = { view: "timeline", ...NONE, text: "", all: false } as const;

test.each([
  ["", PLAIN],
  ["?view=events&event=12&text=tool", { ...PLAIN, view: "events", event: 12, text: "tool" }],
  ["?view=graph&step=7", { ...PLAIN, view: "graph", step: 7 }],
  ["?view=state&seq=12&from=5", { ...PLAIN, view: "state", seq: 12, from: 5 }],
  ["?view=toString", PLAIN],
  ["?step=7&all=1", { ...PLAIN, step: 7, all: true }],
  ["?view=nothing&step=0&event=-1&all=yes", PLAIN],
  ["?step=1e3", PLAIN],
] as const)("parseRunAddress() of %j, and toRunAddress() back", (search, expected) => {
  expect(parseRunAddress(search)).toEqual(expected);
  expect(parseRunAddress(toRunAddress("r", expected).replace("/runs/r", ""))).toEqual(expected);
});

test("toRunAddress() leaves out what says nothing", () => {
  expect(toRunAddress("r.1", PLAIN)).toBe("/runs/r.1");
  expect(toRunAddress("r.1", PLAIN, { step: 4 })).toBe("/runs/r.1?step=4");
  expect(toRunAddress("r.1", { ...PLAIN, step: 4 }, { step: undefined, view: "events" })).toBe("/runs/r.1?view=events");
});

test("statePath() leads to the state at an event", () => {
  expect(statePath("r.1", 12)).toBe("/runs/r.1?view=state&seq=12");
});
