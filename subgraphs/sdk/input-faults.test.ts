import { expect, it } from "vitest";
import { Type } from "./define-tool.ts";
import { inputFaults, inputRefusal } from "./input-faults.ts";

const order = Type.Object(
  {
    "a/b~c": Type.Number({ minimum: 1 }),
    tags: Type.Array(Type.String()),
    kind: Type.Optional(Type.Enum(["new", "old"])),
    where: Type.Optional(Type.Union([Type.Literal("here"), Type.Literal("there")])),
    to: Type.Optional(Type.Object({ street: Type.String() }, { additionalProperties: false })),
  },
  { additionalProperties: false },
);

it.each([
  ["what fits", { "a/b~c": 1, tags: ["x"], kind: "old" }, []],
  ["what is missing", {}, ["/a~1b~0c is required", "/tags is required"]],
  ["a wrong sort of value", { "a/b~c": "x", tags: [1, "y"] }, ["/a~1b~0c must be number", "/tags/0 must be string"]],
  [
    "what is out of bounds",
    { "a/b~c": 0, tags: [], kind: "odd" },
    ["/a~1b~0c must be >= 1", "/kind must be equal to one of the allowed values (new, old)"],
  ],
  ["one place once", { "a/b~c": 1, tags: [], where: "away" }, ["/where must be equal to constant"]],
  [
    "what is not known",
    { "a/b~c": 1, tags: [], to: { city: "x" }, "z/": 1 },
    ["/z~1 is not known here", "/to/street is required", "/to/city is not known here"],
  ],
  ["something else", "x", [" must be object"]],
])("inputFaults() tells each fault at its place: %s", (_what, input, told) => {
  expect(inputFaults(order, input).map(({ path, message }) => `${path} ${message}`)).toEqual(told);
});

it("inputFaults() tells what is wrong also among many names that are not known, and 50 at most", () => {
  const unknown = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`u${i}`, i]));
  const places = (count: number) =>
    inputFaults(order, { "a/b~c": "x", tags: [], ...unknown(count) }).map(({ path }) => path);
  expect(places(9)).toHaveLength(10);
  expect(places(9)).toContain("/a~1b~0c");
  expect(inputFaults(order, unknown(60))).toHaveLength(51);
  expect(inputFaults(order, unknown(60)).at(-1)).toEqual({ path: "", message: "has more faults than these" });
});

it("inputFaults() says so where a schema takes nothing", () => {
  const nothing = { properties: { x: false } };
  expect(inputFaults(nothing, { x: 1 })).toEqual([{ path: "", message: "is not taken" }]);
});

it("inputRefusal() names each place, and the input where it is the fault itself", () => {
  const faults = [
    { path: "/amount", message: "must be number" },
    { path: "", message: "must be object" },
  ];
  expect(inputRefusal("pay", faults)).toBe(
    "graph pay does not take this input: /amount must be number; the input must be object",
  );
});
