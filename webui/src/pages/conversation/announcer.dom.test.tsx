import { act, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createTestApi } from "../../../testing/api.ts";
import { open } from "../../../testing/page.tsx";
import { runningRun } from "../../../testing/runs.ts";
import { history, type Line, RUN_ID, started, WHOLE_RUN } from "../../run-log/testing/history.ts";
import { Announcer } from "./announcer.tsx";

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-11-24T10:41:30Z") });
});
afterEach(() => vi.useRealTimers());

const said = () => [...screen.getByRole("status").children].map(({ textContent }) => textContent);

/** The newest run is of this id, and these are its events. */
async function listen(lines: readonly Line[]) {
  const { feeds } = open("/chat/s1", <Announcer run={runningRun(1)} />, createTestApi());
  const come = (more: readonly Line[], from: number) =>
    act(async () => {
      const feed = feeds.get(RUN_ID) ?? expect.unreachable();
      for (const event of history(more, from)) feed.push(event);
      await vi.advanceTimersByTimeAsync(300);
    });
  await pass(0);
  await come(lines, 1);
  return { come };
}
const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));

test("what happens in a run is said in sentences, one announcement beside the other, two seconds apart", async () => {
  const half = WHOLE_RUN.findIndex(([type]) => type === "RUN_SUCCEEDED") - 1;
  const { come } = await listen(WHOLE_RUN.slice(0, half));
  const first = said();
  expect(first).toEqual(["I shall calculate. Tool calculate: Succeeded. It is 42."]);
  await come(WHOLE_RUN.slice(half), half + 1);
  expect(said()).toEqual(first);
  await pass(2_000);
  expect(said()).toEqual([...first, "The run is finished."]);
});

test("a run that ended long before the page saw it is silent", async () => {
  vi.setSystemTime(Date.parse("2026-11-24T11:00:00Z"));
  await listen(WHOLE_RUN);
  await pass(10_000);
  expect(said()).toEqual([]);
});

test("no more than the last five announcements stand there", async () => {
  const answering = (n: number): Line[] => [
    ["STEP_STARTED", `${n} model`],
    [
      "STREAM_START",
      `${n} model`,
      { delim: "start", stream: `s${n}`, seq: 0, tool: null, call_id: `s${n}`, content_type: "text/markdown" },
    ],
    ["STREAM_DATA", `${n} model`, { stream: `s${n}`, seq: 1, data: `Answer number ${n}.\n\n` }],
    ["STREAM_END", `${n} model`, { delim: "end", stream: `s${n}`, seq: 9, status: "OK", bytes: 0, sha256: "" }],
  ];
  const { come } = await listen([started]);
  for (let n = 1; n <= 7; n++) {
    await come(answering(n), 2 + (n - 1) * 4);
    await pass(2_000);
  }
  expect(said()).toHaveLength(5);
  expect(said().at(-1)).toContain("Answer number 7.");
});
