import { expect, test } from "vitest";
import { toAct } from "./keys.ts";
import { isOf, ROOMS } from "./rooms.ts";

const PLAIN = { ctrlKey: false, metaKey: false, altKey: false };

test.each([
  ["k", { ctrlKey: true }, "", false, { do: "palette" }],
  ["K", { metaKey: true }, "", true, { do: "palette" }],
  ["k", { ctrlKey: true, altKey: true }, "", false, undefined],
  ["k", {}, "", false, undefined],
  ["?", {}, "", false, { do: "keys" }],
  ["?", {}, "", true, undefined],
  ["/", {}, "", false, { do: "search" }],
  ["r", {}, "g", false, { do: "go", path: "/runs" }],
  ["c", {}, "g", false, { do: "go", path: "/chat" }],
  ["r", {}, "g", true, undefined],
  ["r", {}, "x", false, undefined],
  ["z", {}, "g", false, undefined],
])("toAct() of %j with %j after %j, typing %j: %j", (key, held, before, isTyping, act) => {
  expect(toAct({ ...PLAIN, ...held, key }, { before, isTyping })).toEqual(act);
});

test("toAct() knows the keys of the page, of which a pair goes first; those that are only told are not the shell's", () => {
  const [one, pair] = [
    { keys: "f", what: "Fork", does() {} },
    { keys: "v f", what: "View", does() {} },
  ];
  const page = [one, pair, { keys: "[", what: "Heard by a list" }];
  const after = (key: string, before: string) => toAct({ ...PLAIN, key }, { before, isTyping: false, page });
  expect([after("f", ""), after("f", "v"), after("[", "")]).toEqual([
    { do: "page", key: one },
    { do: "page", key: pair },
    undefined,
  ]);
});

test.each([
  ["/", ["Chat"]],
  ["/chat/0192", ["Chat"]],
  ["/sessions/0192", ["Chat"]],
  ["/runs/0192", ["Runs"]],
  ["/nowhere", []],
])("%j is of the rooms %j", (path, names) => {
  expect(ROOMS.filter((room) => isOf(room, path)).map(({ name }) => name)).toEqual(names);
});
