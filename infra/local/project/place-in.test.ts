import { expect, test } from "vitest";
import { placeIn } from "./place-in.ts";

const ROOT = "file:///home/ada/my%20agents/";
const withStack = (stack: string) => Object.assign(new Error("x"), { stack });

test.each([
  [
    "of a fault of syntax",
    `${ROOT}agents/a%20b.ts?loading=3:4\n\nexport default (;\n  ^\nSyntaxError: x`,
    "agents/a b.ts",
    4,
  ],
  [
    "below the SDK",
    `Error: x\n at build (file:///soma/graph.ts:3:5)\n at ${ROOT}agents/a.ts?loading=12:7:16`,
    "agents/a.ts",
    7,
  ],
  ["of the nearest call", `E\n at f (${ROOT}b.ts?loading=1:2:3)\n at ${ROOT}a.ts?loading=1:9:1`, "b.ts", 2],
  ["and not of its packages", `E\n at ${ROOT}node_modules/x/i.js:1:1\n at ${ROOT}a.ts?loading=1:9:1`, "a.ts", 9],
])("placeIn() finds the line %s", (_what, stack, file, line) => {
  expect(placeIn(ROOT, withStack(stack))).toEqual({ file, line });
});

test("placeIn() finds none where nothing tells it", () => {
  for (const error of ["x", undefined, withStack("E\n at file:///soma/graph.ts:3:5"), withStack("")])
    expect(placeIn(ROOT, error)).toBeUndefined();
});
