import { expect, test } from "vitest";
import { toReadable, toReadableArguments } from "./readable-json.ts";

test("toReadable() shows the arguments a model wrote as the value they are, and other texts as they are", () => {
  const value = { toolCalls: [{ name: "f", arguments: '{"a":[1]}' }, { arguments: "{broken" }], text: '{"b":2}' };
  expect(JSON.parse(toReadable(value))).toEqual({
    toolCalls: [{ name: "f", arguments: { a: [1] } }, { arguments: "{broken" }],
    text: '{"b":2}',
  });
  expect(toReadable({ arguments: { a: 1 } })).toBe('{\n  "arguments": {\n    "a": 1\n  }\n}');
  expect(toReadable(undefined)).toBe("");
});

test("toReadable() shows arguments as they were written where they would be others, or are too deep or too long", () => {
  const deep = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
  for (const written of [
    '{"id":12345678901234567890}',
    '{"x":1e400}',
    deep(40),
    deep(20_000),
    `"${"x".repeat(70_000)}"`,
  ])
    expect(JSON.parse(toReadable({ arguments: written }))).toEqual({ arguments: written });
  expect(toReadable(JSON.parse(deep(40)))).toBe(deep(40));
  expect(toReadable(JSON.parse(deep(20_000)))).toBe("(nested too deep to be shown)");
});

test.each([
  ["a value", { a: [1] }, '{\n  "a": [\n    1\n  ]\n}'],
  ["the text of one", '{"a":1}', '{\n  "a": 1\n}'],
  ["no text", "", "{}"],
  ["text that is no JSON", "{broken", "{broken"],
  ["a number that would be another", '{"id":12345678901234567890}', '{"id":12345678901234567890}'],
])("toReadableArguments() of %s", (_what, args, expected) => {
  expect(toReadableArguments(args)).toBe(expected);
});
