import { expect, test } from "vitest";
import { groupBySession } from "./group-by-session.ts";

const run = (
  id: string,
  sessionId: string,
  text: string,
  createdAt = `2026-11-24T10:00:0${id}.000Z`,
  title: string | null = null,
) => ({
  id,
  graph: "assistant",
  role: "assistant",
  modelProfile: "scripted",
  status: "SUCCEEDED" as const,
  input: { text },
  answer: null,
  createdAt,
  startedAt: null,
  finishedAt: null,
  recoveries: 0,
  outcome: null,
  headSeq: 1,
  error: null,
  session: { id: sessionId, title },
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

test("groupBySession() calls a conversation what people call it", () => {
  const [group] = groupBySession([run("2", "a", "two", "", "Tea\u202e"), run("1", "a", "one", "", "Tea\u202e")]);
  expect(group?.title).toBe("Tea⟨U+202E⟩");
});
