import type { RunSummaryFragment } from "@soma/graphql/operations";
import { expect, test } from "vitest";
import { toTurns } from "./to-turns.ts";

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
  outcome: null,
  headSeq: 1,
  error: null,
  session: { id: sessionId },
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
