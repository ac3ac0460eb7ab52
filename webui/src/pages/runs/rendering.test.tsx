import type { ListedRunFragment } from "@soma/graphql/operations";
import type { ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { Router } from "wouter";
import { oneWords, planCancel, planWords } from "../../run-parts/plan-cancel.ts";
import { Empty, Loading, OldNote } from "../../ui/states.tsx";
import { RunTable } from "./run-table.tsx";

const SESSION = "01940c2e-7d00-7200-8000-0000000000b7";

const run = (changes: Partial<ListedRunFragment>): ListedRunFragment => ({
  id: "01940c2e-7d00-7100-8000-0000000000a1",
  graph: "assistant",
  role: "assistant",
  modelProfile: "scripted",
  status: "SUCCEEDED",
  input: { text: "What is 6*7?" },
  answer: null,
  createdAt: "2025-01-01T10:00:00.000Z",
  startedAt: "2025-01-01T10:00:01.000Z",
  finishedAt: "2025-01-01T10:00:02.400Z",
  recoveries: 0,
  outcome: { kind: "OK", failedCalls: 0, deniedCalls: 0, cutAnswers: 0 },
  headSeq: 1,
  error: null,
  session: { id: SESSION, title: null },
  usage: null,
  ...changes,
});

const markup = (element: ReactNode): string => renderToStaticMarkup(<Router ssrPath="/runs">{element}</Router>);
const words = (html: string): string =>
  html
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
const table = (...runs: ListedRunFragment[]): string =>
  markup(<RunTable runs={runs} chosen={new Set()} onChoose={() => {}} />);

test("RunTable shows a run under its day with what it took, and leads to it and to its session", () => {
  const html = table(run({}));
  expect(words(html)).toMatch(
    /Recoveries 1 Jan 2025 Succeeded OK What is 6\*7\? .*assistant 000000b7 \d\d:\d\d:\d\d 1\.4 s$/,
  );
  expect(html).toContain('href="/runs/01940c2e-7d00-7100-8000-0000000000a1"');
  expect(html).toContain(`href="/chat/${SESSION}"`);
  // When it was asked, not when a worker began.
  expect(words(html)).toContain("Cost Asked Took");
  expect(html).toContain('<time dateTime="2025-01-01T10:00:00.000Z">');
});

test("RunTable calls a session what people do, and tells what the run cost, with its tokens", () => {
  const usage = { cost: "0.0120", currency: "USD", inputTokens: 1_284, outputTokens: 30 };
  const html = table(
    run({ session: { id: SESSION, title: "Refund of\u202e order 7, and all that came of it" }, usage }),
  );
  expect(words(html)).toMatch(/assistant Refund of⟨U\+202E⟩ order 7, … 0\.0120 USD \d\d:/);
  expect(html).toContain('title="1,284 tokens in, 30 out"');
});

test("RunTable says beside the status how a run went, and nothing of one that goes on or was erased", () => {
  const outcome = { kind: "WITH_FAILURES", failedCalls: 2, deniedCalls: 1, cutAnswers: 1 } as const;
  const told = (changes: Partial<ListedRunFragment>) =>
    /Recoveries 1 Jan 2025 (.*?) (?:What|Erased)/.exec(words(table(run(changes))))?.[1];
  expect(told({ outcome })).toBe("Succeeded 1 answer cut, 2 calls failed, 1 denied");
  expect(told({ status: "PAUSED", finishedAt: null, outcome: null })).toBe("Paused");
  expect(told({ status: "FAILED" })).toBe("Failed");
  expect(told({ input: { "soma:erased": true }, outcome: null })).toBe("Succeeded");
});

test("RunTable has a clock for what goes on, none for what has not begun, and the reason of what failed", () => {
  const open = { finishedAt: null, outcome: null };
  expect(table(run({ ...open, status: "RUNNING" }))).toContain("data-elapsed");
  expect(words(table(run({ ...open, status: "QUEUED", startedAt: null })))).toContain("not begun");
  const failed = run({ status: "FAILED", error: { code: "TIMEOUT", message: "no answer\u202e" }, recoveries: 2 });
  expect(words(table(failed))).toMatch(/TIMEOUT: no answer⟨U\+202E⟩ .*recovered 2× .* 2$/);
});

test("RunTable has colour for what needs eyes alone, and begins a group of rows each day", () => {
  const html = table(
    run({ outcome: { kind: "WITH_FAILURES", failedCalls: 1, deniedCalls: 0, cutAnswers: 0 } }),
    run({ id: "01940c2e-7d00-7100-8000-0000000000a0", createdAt: "2024-12-30T10:00:00.000Z" }),
  );
  expect(html.match(/class="_plain_\w+ _(\w+)_/g)?.join(" ")).toMatch(/neutral.*attention.*neutral.*neutral/);
  expect(html.match(/class="_bad_\w+"/g)).toHaveLength(1);
  expect(html.match(/<tbody/g)).toHaveLength(2);
});

test("planCancel() tells what would be canceled and what has finished already", () => {
  const plan = planCancel([run({ status: "RUNNING" }), run({ status: "PAUSED" }), run({})]);
  expect(planWords(plan)).toBe("2 of 3 would be canceled; 1 already finished.");
  expect(planWords(planCancel([run({ status: "QUEUED" })]))).toBe("1 of 1 would be canceled.");
});

test("oneWords() tells what would be canceled with a run", () => {
  const started = (["RUNNING", "FAILED", "QUEUED"] as const).map((status) => ({ id: status, graph: "g", status }));
  const going = [run({ status: "QUEUED" })];
  expect(oneWords(planCancel(going))).toBe("It would be canceled.");
  expect(oneWords(planCancel(going, started.slice(0, 2)))).toBe(
    "It would be canceled, with 1 run that it has started.",
  );
  expect(oneWords(planCancel(going, started))).toBe("It would be canceled, with 2 runs that it has started.");
  expect(oneWords(planCancel([run({})], started))).toBe("It has finished already.");
});

test("a panel that loads, is empty or old says so, and what may be done", () => {
  expect(words(markup(<Loading what="runs" />))).toBe("Loading runs…");
  expect(words(markup(<Empty lead="No runs yet.">Ask something</Empty>))).toBe("No runs yet. Ask something");
  for (const why of ["OFFLINE", "RECONNECTING", "STALE"] as const)
    expect(words(markup(<OldNote why={why} asOf={Date.now()} onRetry={() => {}} />))).toMatch(/^As of .* Try now$/);
});
