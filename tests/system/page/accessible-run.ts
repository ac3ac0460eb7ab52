import type { Sql } from "@soma/shared/postgres/connect";
import { fillTrueRun, stepsOf, type ToldEvent, type TrueRun } from "../../../subgraphs/runs/testing/fill-true-run.ts";

/** A run with a step of each sort and status, that asks a person. */
export async function fillEverySort(sql: Sql): Promise<TrueRun> {
  const atMs = Date.now() - 5_000;
  const run = await fillTrueRun(sql, { tenant: "local", text: "Refund order 1182", atMs });
  const later = EVERY_SORT.map((event, at) => ({ ...event, atMs: atMs + 500 + 100 * at }));
  await run.append([...stepsOf({ count: 4, atMs: atMs + 100 }), ...later]);
  return run;
}

/** A run of a few steps that went well, the last of which asks a person. */
export async function fillAsking(sql: Sql): Promise<TrueRun> {
  const atMs = Date.now() - 5_000;
  const run = await fillTrueRun(sql, { tenant: "local", text: "Refund order 1183", atMs });
  await run.append([...stepsOf({ count: 4, atMs: atMs + 100 }), ...asks("5 approval")]);
  return run;
}

const RESULT = { summary: "What it came to", latencyMs: 15, inputSummary: "", spanId: "", output: {} };
const ERROR = { code: "TIMEOUT", message: "no answer" };

const EVERY_SORT: readonly ToldEvent[] = [
  { kind: "STEP_DENIED", step: "5 policy", payload: RESULT },
  { kind: "STEP_STARTED", step: "6 tool", payload: { summary: "Calling fetch" } },
  { kind: "STEP_RETRIED", step: "6 tool", payload: { attempt: 1, delayMs: 900, error: ERROR } },
  { kind: "STEP_STARTED", step: "6 tool", payload: { summary: "Calling fetch" }, attempt: 2 },
  { kind: "RUN_RECOVERED", payload: { recoveries: 1, epoch: 2 } },
  { kind: "STEP_STARTED", step: "6 tool", payload: { summary: "Calling fetch" }, attempt: 3 },
  { kind: "STEP_FAILED", step: "6 tool", payload: { ...RESULT, error: ERROR }, attempt: 3 },
  { kind: "STEP_CANCELED", step: "7 tool", payload: { ...RESULT, error: ERROR } },
  { kind: "STEP_STARTED", step: "8 wait", payload: { summary: "Waiting" } },
  { kind: "STEP_PARKED", step: "8 wait", payload: { summary: "Waits for a time" } },
  ...asks("9 approval"),
];

/** The events of a step in which a person is asked. */
function asks(step: string): readonly ToldEvent[] {
  const details = { amount: 412 };
  const asked = { name: "a", question: "Refund 412 of order 1182?", details, role: "operator", byAnother: false };
  return [
    { kind: "STEP_STARTED", step, payload: { summary: "Asking" } },
    { kind: "APPROVAL_ASKED", step, payload: { ...asked, until: null } },
    { kind: "STEP_PARKED", step, payload: { summary: "Waits for a person", signal: "a" } },
  ];
}
