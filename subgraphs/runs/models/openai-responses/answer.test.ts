import type { JsonObject } from "@soma/schemas/json";
import type { ChatEvent } from "@soma/sdk/model-client";
import { describe, expect, test } from "vitest";
import { MAX_ANSWER_BYTES } from "../answer-end.ts";
import { MAX_READ_CALLS } from "../calls-of-answer.ts";
import { createQuote } from "../model-error.ts";
import { createAnswer } from "./answer.ts";
import { parseEvent } from "./wire-event.ts";

const BY = "m at http://a/v1, by responses";
const quote = createQuote();

/** All that comes of these events. */
function heard(...events: object[]): ChatEvent[] {
  const answer = createAnswer(BY);
  const said = events.flatMap((event) => answer.add(parseEvent(JSON.stringify(event), quote)).events);
  return [...said, ...answer.end()];
}

const delta = (what: string, text: string, place: object = {}) => ({
  type: `response.${what}.delta`,
  delta: text,
  ...place,
});
const added = (item: object, place: object = {}) => ({ type: "response.output_item.added", item, ...place });
const done = (item: object, place: object = {}) => ({ type: "response.output_item.done", item, ...place });
const end = (output: object[] = [], usage?: object) => ({ type: "response.completed", response: { output, usage } });
const message = (text: string, id = "msg_1") => ({ id, type: "message", content: [{ type: "output_text", text }] });
const call = (id: string, name: string, written: string) => ({
  id,
  type: "function_call",
  call_id: `c_${id}`,
  name,
  arguments: written,
});
const finish = (reason: string, output?: JsonObject[]) => ({
  ...{ type: "finish", reason, usage: null },
  ...(output === undefined ? {} : { given: { by: BY, fields: { output } } }),
});

describe("createAnswer() of responses", () => {
  test("gives text once, whether it came in pieces, at the end of its item, or with the answer", () => {
    const text = (said: string) => ({ type: "text", delta: said });
    expect(
      heard(delta("output_text", "a"), delta("output_text", "b"), done(message("ab")), end([message("ab")])),
    ).toEqual([...[text("a"), text("b")], finish("stop")]);
    expect(
      heard(
        added({ type: "message", id: "msg_1" }),
        delta("output_text", "a", { item_id: "msg_1" }),
        done(message("ab")),
        end(),
      ),
    ).toEqual([...[text("a"), text("b")], finish("stop")]);
    expect(heard(end([message("ab")]))).toEqual([text("ab"), finish("stop")]);
    expect(heard(done(message("ab", "msg_1")), end([message("ab", "another")]))).toEqual([text("ab"), finish("stop")]);
  });

  test("says what the server calls the answer and who gave it", () => {
    const ended = { type: "response.completed", response: { id: "resp_1", model: "m-1", output: [message("a")] } };
    expect(heard(ended).at(-1)).toMatchObject({ response: { id: "resp_1", model: "m-1" } });
  });

  test("keeps what is thought apart: summaries in parts, thoughts of open models, and those between tags", () => {
    const thought = { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "xyz" };
    const part = { type: "response.reasoning_summary_part.added", item_id: "rs_1" };
    const summary = (text: string) => delta("reasoning_summary_text", text, { item_id: "rs_1" });
    expect(
      heard(added(thought), part, summary("a"), part, summary("b"), done(thought), done(message("hi")), end()),
    ).toEqual([
      ...["a", "\n\n", "b"].map((said) => ({ type: "thinking", delta: said })),
      { type: "text", delta: "hi" },
      finish("stop", [thought, message("hi")] as JsonObject[]),
    ]);
    const whole = { type: "reasoning", summary: [{ type: "summary_text", text: "a" }], content: [{ text: "b" }] };
    expect(heard(done(whole), done(message("hi")), end())[0]).toEqual({ type: "thinking", delta: "a\n\nb" });
    expect(heard(delta("output_text", "<think>a</think>hi"), end()).slice(0, 2)).toEqual([
      { type: "thinking", delta: "a" },
      { type: "text", delta: "hi" },
    ]);
  });

  test.each<[string, object[]]>([
    ["by their place", [0, 1].flatMap((index) => [added({ type: "function_call" }, { output_index: index })])],
    ["by their ids, all at place 0", []],
  ])("tells calls that come between each other apart %s", (_name, before) => {
    const place = (index: number) =>
      before.length > 0 ? { output_index: index } : { output_index: 0, item_id: `f${index}` };
    const begin =
      before.length > 0
        ? before
        : [added({ type: "function_call", id: "f0" }), added({ type: "function_call", id: "f1" })];
    const items = [call("f0", "a", '{"x":1}'), call("f1", "b", '{"y":2}')];
    const events = heard(
      ...begin,
      delta("function_call_arguments", '{"x"', place(0)),
      delta("function_call_arguments", '{"y":2}', place(1)),
      delta("function_call_arguments", ":1}", place(0)),
      ...items.map((item, index) => done(item, before.length > 0 ? { output_index: index } : { output_index: 0 })),
      end(),
    );
    expect(events.slice(0, 2)).toEqual(
      items.map(({ call_id, name, arguments: written }) => ({
        type: "toolCall",
        call: { id: call_id, name, arguments: written, given: { call_id } },
      })),
    );
    expect(events[2]).toEqual(finish("tool_calls", items));
  });

  test("makes a call of what came of it: pieces alone, an object, no arguments, no name, an id that another one has", () => {
    const place = { item_id: "f0" };
    const begun = { type: "function_call", id: "f0", call_id: "c", name: "a" };
    const pieces = [added(begun), delta("function_call_arguments", "{}", place)];
    const told = { type: "response.function_call_arguments.done", item_id: "f0", arguments: '{"x":1}' };
    const calls = (...events: object[]) =>
      heard(...events, end()).flatMap((event) => (event.type === "toolCall" ? [event.call] : []));
    expect(calls(...pieces)).toMatchObject([{ id: "c", name: "a", arguments: "{}" }]);
    expect(calls(added(begun), told)).toMatchObject([{ arguments: '{"x":1}' }]);
    expect(calls(...pieces, done({ ...begun, arguments: "" }))).toMatchObject([{ arguments: "{}" }]);
    expect(calls(delta("function_call_arguments", "{}"))).toMatchObject([
      { id: "call_0", name: "call_without_a_name" },
    ]);
    const others = [{ arguments: { x: 1 } }, {}].map((more, at) =>
      done({ type: "function_call", id: `f${at}`, call_id: "c", name: "a", ...more }),
    );
    expect(calls(...others)).toMatchObject([
      { id: "c", arguments: '{"x":1}' },
      { id: "call_1", arguments: "{}" },
    ]);
    expect(calls(done(call("f0", "a", "{}")), done(call("f0", "a", "{}")))).toHaveLength(1);
  });

  test("makes a call of each item of a whole answer, whatever their ids are", () => {
    const output = [call("f0", "a", "{}"), call("f0", "a", "{}"), call("f0", "b", '{"x":1}')];
    const calls = heard({ object: "response", status: "completed", output }).flatMap((event) =>
      event.type === "toolCall" ? [[event.call.id, event.call.name]] : [],
    );
    expect(calls).toEqual([
      ["c_f0", "a"],
      ["call_1", "a"],
      ["call_2", "b"],
    ]);
  });

  test.each<[string, object, string]>([
    ["max_output_tokens", { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } }, "length"],
    ["content_filter", { status: "incomplete", incomplete_details: { reason: "content_filter" } }, "content_filter"],
    ["no reason", { status: "incomplete" }, "length"],
    ["completed", { status: "completed" }, "stop"],
  ])("ends as its status says: %s", (_name, response, reason) => {
    const events = heard(delta("output_text", "a"), { object: "response", ...response });
    expect(events.at(-1)).toEqual(finish(reason));
  });

  test.each([
    { status: "incomplete", incomplete_details: { reason: "stop" } },
    { status: "incomplete", incomplete_details: { reason: "unheard_of" } },
    { status: "in_progress" },
    { status: "queued" },
  ])("never takes half an answer for a whole one: %j", (response) => {
    expect(() => heard(delta("output_text", "a"), { object: "response", ...response })).toThrow(
      "the server gave the answer up",
    );
  });

  test("knows the usage, and what is a sign of life", () => {
    expect(heard(delta("output_text", "a"), end([], { input_tokens: 3, output_tokens: 2 })).at(-1)).toMatchObject({
      usage: { inputTokens: 3, outputTokens: 2 },
    });
    const signs = [
      { type: "response.created" },
      added({ type: "reasoning" }),
      delta("reasoning_text", "a"),
      done({ type: "x" }),
      end(),
    ];
    const answer = createAnswer(BY);
    expect(signs.map((event) => answer.add(parseEvent(JSON.stringify(event), quote)).isAlive)).toEqual([
      ...[false, false, true, true, true],
    ]);
  });

  test.each<[string, object[], string]>([
    ["no end", [delta("output_text", "a")], "the stream ended before the answer was finished"],
    ["nothing said", [end()], "finished without text and without a tool call"],
    ["only thinking", [delta("reasoning_text", "a"), end()], "finished without text"],
    ["a cancel", [{ type: "response.cancelled", response: {} }], "the server gave the answer up (cancelled)"],
    ["too much", [delta("output_text", "x".repeat(MAX_ANSWER_BYTES + 1))], "is longer than"],
    ["too much at once", [done(message("x".repeat(MAX_ANSWER_BYTES)))], "is longer than"],
    [
      "too many calls",
      [end(Array.from({ length: MAX_READ_CALLS + 1 }, (_, at) => call(`f${at}`, "a", "{}")))],
      "tool calls",
    ],
  ])("refuses %s", (_name, events, words) => {
    expect(() => heard(...events)).toThrow(words);
  });
});
