import { describe, expect, test } from "vitest";
import { NAMELESS } from "../calls-of-answer.ts";
import { createCalls } from "./calls.ts";
import type { WireToolCall } from "./wire-chunk.ts";

function piece(index: number | null, id: string | null, name: string | null, written = ""): WireToolCall {
  return { index, id, name, arguments: written, extra: {} };
}

/** Ids, names and arguments of the calls that these pieces make. */
function callsOf(pieces: WireToolCall[], tools: string[] = []): [string, string, string][] {
  const calls = createCalls(tools);
  for (const each of pieces) calls.add([each]);
  return calls.end().map(({ id, name, arguments: written }) => [id, name, written]);
}

describe("createCalls() puts tool calls together", () => {
  test("from pieces, with id and name only in the first", () => {
    expect(callsOf([piece(0, "a", "f"), piece(0, null, null, '{"x"'), piece(0, null, null, ":1}")])).toEqual([
      ["a", "f", '{"x":1}'],
    ]);
  });

  test("of several calls in turn", () => {
    const pieces = [
      piece(0, "a", "f"),
      piece(1, "b", "g"),
      piece(0, null, null, '{"x":'),
      piece(1, null, null, "{"),
      piece(0, null, null, "1}"),
      piece(1, null, null, "}"),
    ];
    expect(callsOf(pieces)).toEqual([
      ["a", "f", '{"x":1}'],
      ["b", "g", "{}"],
    ]);
  });

  test("whole in one chunk, with id and name in every piece, and with another id in a later piece", () => {
    expect(callsOf([piece(0, "a", "f", '{"x":1}')])).toEqual([["a", "f", '{"x":1}']]);
    expect(callsOf([piece(0, "a", "f", '{"x"'), piece(0, "a", "f", ":1}")])).toEqual([["a", "f", '{"x":1}']]);
    expect(callsOf([piece(0, "a", "f", '{"x"'), piece(0, "other", null, ":1}")])).toEqual([["a", "f", '{"x":1}']]);
  });

  test("that all have index 0, with ids and without", () => {
    expect(callsOf([piece(0, "a", "f", "{}"), piece(0, "b", "f", '{"x":1}')])).toEqual([
      ["a", "f", "{}"],
      ["b", "f", '{"x":1}'],
    ]);
    expect(callsOf([piece(0, null, "f", '{"x":1}'), piece(0, null, "f", '{"x":2}')])).toEqual([
      ["call_0", "f", '{"x":1}'],
      ["call_1", "f", '{"x":2}'],
    ]);
  });

  test("that are whole and all have one id, which then tells them apart for nobody", () => {
    const calls = createCalls([]);
    for (const [name, written] of [
      ["f", '{"x":1}'],
      ["f", '{"x":2}'],
      ["g", "{}"],
    ] as const)
      calls.add([piece(0, "a", name, written)]);
    expect(calls.end()).toEqual([
      { id: "a", name: "f", arguments: '{"x":1}', given: { id: "a" } },
      { id: "call_1", name: "f", arguments: '{"x":2}' },
      { id: "call_2", name: "g", arguments: "{}" },
    ]);
  });

  test("without an index: a new id begins another call, no id goes on", () => {
    expect(
      callsOf([piece(null, "a", "f", '{"x"'), piece(null, null, null, ":1}"), piece(null, "b", "g", "{}")]),
    ).toEqual([
      ["a", "f", '{"x":1}'],
      ["b", "g", "{}"],
    ]);
  });

  test("and gives each an id of its own", () => {
    expect(callsOf([piece(0, null, "f"), piece(1, null, "g")]).map(([id]) => id)).toEqual(["call_0", "call_1"]);
    expect(
      new Set(callsOf([piece(0, "call_1", "f"), piece(1, null, "g"), piece(2, "call_1", "h")]).map(([id]) => id)).size,
    ).toBe(3);
  });

  test("and reads arguments that are missing as an empty object", () => {
    expect(callsOf([piece(0, "a", "f")])).toEqual([["a", "f", "{}"]]);
  });

  test("that are told apart by their ids alone, in turn", () => {
    const pieces = [
      piece(null, "a", "f"),
      piece(null, "b", "g"),
      piece(null, "a", null, '{"x":'),
      piece(null, "b", null, "{}"),
      piece(null, "a", null, "1}"),
    ];
    expect(callsOf(pieces)).toEqual([
      ["a", "f", '{"x":1}'],
      ["b", "g", "{}"],
    ]);
  });

  test("of two tools without index and id, the first without arguments", () => {
    expect(callsOf([piece(null, null, "clock"), piece(null, null, "find", '{"x":1}')], ["clock", "find"])).toEqual([
      ["call_0", "clock", "{}"],
      ["call_1", "find", '{"x":1}'],
    ]);
  });

  test("whose name comes in pieces, unless the first piece is a tool of its own", () => {
    const pieces = [piece(0, "a", "get_"), piece(0, null, "wea"), piece(0, null, "ther", "{}")];
    expect(callsOf(pieces, ["get_weather"])).toEqual([["a", "get_weather", "{}"]]);
    const two = [piece(0, null, "get"), piece(0, null, "weather", "{}")];
    expect(callsOf(two, ["get", "weather", "getweather"]).map(([, name]) => name)).toEqual(["get", "weather"]);
  });

  test("once, when a finished call is sent again as a whole", () => {
    const whole = '{"x":1}';
    expect(callsOf([piece(0, "a", "f", '{"x"'), piece(0, "a", null, ":1}"), piece(0, "a", "f", whole)])).toEqual([
      ["a", "f", whole],
    ]);
    expect(callsOf([piece(null, "a", "f", whole), piece(null, "a", "f", whole)])).toEqual([["a", "f", whole]]);
    expect(callsOf([piece(0, null, "f", whole), piece(0, null, "f", whole)])).toEqual([["call_0", "f", whole]]);
    expect(callsOf([piece(0, "a", "f", whole), piece(0, "b", "f", whole)])).toHaveLength(2);
  });

  test.each<[string, WireToolCall[]]>([
    ["with other blanks", [piece(0, "a", "f", '{"x":1}'), piece(0, "a", "f", '{ "x": 1 }\n')]],
    ["without its id", [piece(0, "a", "f", '{"x":1}'), piece(0, null, "f", '{"x":1}')]],
    ["with the id it had not", [piece(0, null, "f", '{"x":1}'), piece(0, "a", "f", '{"x":1}')]],
    ["without its id and index", [piece(null, "a", "f", '{"x":1}'), piece(null, null, "f", '{"x":1}')]],
    ["without its name", [piece(0, "a", "f", '{"x":1}'), piece(0, "a", null, '{"x":1}')]],
    ["with nothing but its arguments", [piece(null, "a", "f", '{"x":1}'), piece(null, null, null, '{"x":1}')]],
  ])("once, when it is sent again %s", (_how, pieces) => {
    expect(callsOf(pieces)).toEqual([["a", "f", '{"x":1}']]);
  });

  test.each<[string | null]>([["a"], [null]])("whose name begins as another tool, with id %s in its rest", (id) => {
    const pieces = [piece(0, "a", "search"), piece(0, id, "_web", '{"q":1}')];
    expect(callsOf(pieces, ["search", "search_web"])).toEqual([["a", "search_web", '{"q":1}']]);
    const repeated = [piece(0, "a", "search", '{"q"'), piece(0, id ?? "a", "search", ":1}")];
    expect(callsOf(repeated, ["search", "search_web"])).toEqual([["a", "search", '{"q":1}']]);
    expect(callsOf([piece(0, "a", "get_"), piece(0, id, "now", "{}")], ["now", "get_now"])).toEqual([
      ["a", "get_now", "{}"],
    ]);
  });

  test.each<[string, WireToolCall[]]>([
    ["by their index", [piece(0, "a", "f", "{}"), piece(0, null, null, '{"x"'), piece(0, null, null, ":1}")]],
    ["by their id", [piece(null, "a", "f", "{ }"), piece(null, "a", null, '{"x":1}')]],
    ["with the name that was missing", [piece(0, "a", null, "{}"), piece(0, "a", "f", '{"x":1}')]],
    [
      "after being told to be empty twice",
      [piece(0, "a", "f", "{}"), piece(0, "a", null, "{}"), piece(0, null, null, '{"x":1}')],
    ],
  ])("whose arguments begin as an empty object, and come after it %s", (_how, pieces) => {
    expect(callsOf(pieces)).toEqual([["a", "f", '{"x":1}']]);
  });

  test("each by itself, when they stand in one whole message", () => {
    const whole = (...pieces: WireToolCall[]) => {
      const calls = createCalls(["get", "get_now", "_now"]);
      calls.add(pieces, true);
      return calls.end().map(({ id, name, arguments: written }) => [id, name, written]);
    };
    const one = piece(null, null, "f");
    expect(whole(one, one)).toEqual([
      ["call_0", "f", "{}"],
      ["call_1", "f", "{}"],
    ]);
    const same = piece(0, "a", "f", '{"x":1}');
    expect(whole(same, same).map(([id]) => id)).toEqual(["a", "call_1"]);
    expect(whole(piece(null, null, "get"), piece(null, null, "_now"))).toHaveLength(2);
    expect(whole(piece(0, "a", "f", "{}"), piece(0, null, null, '{"x":1}'))).toHaveLength(2);
  });

  test("once, when a message tells as a whole what came in pieces", () => {
    const calls = createCalls([]);
    calls.add([piece(0, "a", "f", '{"x":'), piece(1, "b", "g", "{}")]);
    calls.add([piece(0, null, null, "1}")]);
    calls.add([piece(0, "a", "f", '{"x":1}'), piece(1, "b", "g", "{}")], true);
    expect(calls.end().map(({ id, arguments: written }) => [id, written])).toEqual([
      ["a", '{"x":1}'],
      ["b", "{}"],
    ]);
  });

  test("that have no name and an id of their own after a whole call, and names none", () => {
    expect(callsOf([piece(null, "a", "f", "{}"), piece(null, "b", null, '{"x":1}')])).toEqual([
      ["a", "f", "{}"],
      ["b", NAMELESS, '{"x":1}'],
    ]);
    expect(callsOf([piece(null, "a", null, "{}"), piece(null, "b", "g", '{"x":1}')])).toEqual([
      ["a", NAMELESS, "{}"],
      ["b", "g", '{"x":1}'],
    ]);
  });

  test("and keeps what the server says of each beside", () => {
    const calls = createCalls([]);
    calls.add([{ ...piece(0, "a", "f", "{"), extra: { extra_content: { sig: "x" } } }]);
    calls.add([{ ...piece(0, null, null, "}"), extra: { function: { more: 1 } } }]);
    expect(calls.end()[0]?.given).toEqual({ id: "a", extra_content: { sig: "x" }, function: { more: 1 } });
    const again = createCalls([]);
    again.add([{ ...piece(0, "a", "f", "{}"), extra: { extra_content: { sig: "x" } } }]);
    again.add([{ ...piece(0, "a", "f", "{}"), extra: { extra_content: { sig: "x", google: "y" } } }]);
    expect(again.end()[0]?.given).toEqual({ id: "a", extra_content: { sig: "x", google: "y" } });
    const plain = createCalls([]);
    plain.add([piece(0, null, "f")]);
    expect(plain.end()).toEqual([{ id: "call_0", name: "f", arguments: "{}" }]);
  });
});
