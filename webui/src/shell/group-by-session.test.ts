import type { RunSummaryFragment } from "@soma/graphql/operations";
import { expect, test } from "vitest";
import { toTurns } from "../pages/conversation/use-conversation.ts";
import { groupBySession, questionOf, titleOf } from "./group-by-session.ts";

const run = (
  id: string,
  sessionId: string,
  text: string,
  createdAt = `2026-11-24T10:00:0${id}.000Z`,
): RunSummaryFragment => ({
  id,
  graph: "assistant",
  role: "assistant",
  modelProfile: "scripted",
  status: "SUCCEEDED",
  input: { text },
  answer: null,
  createdAt,
  startedAt: null,
  finishedAt: null,
  recoveries: 0,
  headSeq: 1,
  error: null,
  session: { id: sessionId },
});

test("groupBySession() makes newest-first conversations, named by their oldest question", () => {
  const groups = groupBySession([
    run("4", "b", "b two"),
    run("3", "a", "a two"),
    run("2", "b", "b one"),
    run("1", "a", "a one"),
  ]);
  expect(groups.map(({ sessionId, title, newest, runs }) => [sessionId, title, newest.id, runs.length])).toEqual([
    ["b", "b one", "4", 2],
    ["a", "a one", "3", 2],
  ]);
});

test.each([
  [{ text: " a\n b " }, "a b"],
  [{ text: "" }, "Run of assistant"],
  [{ other: 1 }, "Run of assistant"],
  ["text", "Run of assistant"],
])("titleOf() a run with the input %j is %j", (input, expected) => {
  expect(titleOf({ graph: "assistant", input })).toBe(expected);
});

test("questionOf() keeps the lines of the question", () => {
  expect(questionOf({ text: "a\nb" })).toBe("a\nb");
});

test("toTurns() orders by time and takes in a run the list does not have yet, of this session only", () => {
  const nodes = [run("3", "a", ""), run("1", "a", "")];
  expect(toTurns(nodes, [run("4", "a", ""), run("2", "b", ""), undefined], "a").map(({ id }) => id)).toEqual([
    "1",
    "3",
    "4",
  ]);
});

test("toTurns() prefers what the list says over what was known before", () => {
  expect(toTurns([run("1", "a", "new")], [run("1", "a", "old")], "a").map(({ input }) => input)).toEqual([
    { text: "new" },
  ]);
});
