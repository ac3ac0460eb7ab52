import type { RunSummaryFragment } from "@soma/graphql/operations";

/** Ids of runs sort by their time: a greater number is a newer run. */
export function idOf(number: number): string {
  return `01920000-0000-7000-8000-${String(number).padStart(12, "0")}`;
}

/** A run that answered. */
export function runOf(number: number, changes: Partial<RunSummaryFragment> = {}): RunSummaryFragment {
  return {
    id: idOf(number),
    graph: "assistant",
    role: "assistant",
    modelProfile: "scripted",
    status: "SUCCEEDED",
    input: { text: `Question ${number}` },
    answer: `Answer ${number}`,
    createdAt: "2026-11-24T10:41:00.000Z",
    startedAt: "2026-11-24T10:41:00.000Z",
    finishedAt: "2026-11-24T10:41:02.000Z",
    recoveries: 0,
    headSeq: 0,
    outcome: { kind: "OK", failedCalls: 0, deniedCalls: 0, cutAnswers: 0 },
    error: null,
    session: { id: `s${number}` },
    ...changes,
  };
}

/** One that goes on. */
export function runningRun(number: number, changes: Partial<RunSummaryFragment> = {}): RunSummaryFragment {
  return runOf(number, { status: "RUNNING", answer: null, finishedAt: null, outcome: null, ...changes });
}

/** So many, the newest first. */
export function runsOf(from: number, to: number): RunSummaryFragment[] {
  return Array.from({ length: from - to + 1 }, (_, index) => runOf(from - index));
}
