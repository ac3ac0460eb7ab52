import type { StreamStatus } from "@soma/schemas/run-history";
import { FULL_DISK } from "./full-disk.ts";

/** Statuses of an invocation. DENIED is for records of other makers: a call that was refused here leaves no row. */
export type InvocationStatus =
  | "RUNNING"
  | "SUCCEEDED"
  | "FAILED"
  | "TIMED_OUT"
  | "DENIED"
  | "CANCELED"
  | "TRUNCATED"
  | "UNKNOWN";

export type FinalStatus = Exclude<InvocationStatus, "RUNNING">;

/** Name of an attempt's stream. */
export function streamIdOf(invocationId: string, attempt: number): string {
  return `${invocationId}.${attempt}`;
}

type EventStatus = "succeeded" | "failed" | "timed_out" | "denied" | "canceled" | "truncated";

/** What each final status is called in agent.tools.v1; an unknown outcome counts as failed. */
export const EVENT_STATUS = {
  SUCCEEDED: "succeeded",
  FAILED: "failed",
  TIMED_OUT: "timed_out",
  DENIED: "denied",
  CANCELED: "canceled",
  TRUNCATED: "truncated",
  UNKNOWN: "failed",
} as const satisfies Record<FinalStatus, EventStatus>;

/** What became of one attempt of a tool. */
export type Outcome =
  | { kind: "OK" }
  | { kind: "TRUNCATED" }
  | { kind: "TIMEOUT"; limitMs: number }
  | { kind: "CANCELED" }
  | { kind: "DISK_FULL" }
  | { kind: "ERROR"; type: string; message: string };

export interface Ending {
  status: FinalStatus;
  stream: StreamStatus;
  error: { type: string; message: string } | null;
}

/** How an invocation and its stream end for an outcome. */
export function toEnding(outcome: Outcome): Ending {
  switch (outcome.kind) {
    case "OK":
      return { status: "SUCCEEDED", stream: "OK", error: null };
    case "TRUNCATED":
      return { status: "TRUNCATED", stream: "TRUNCATED", error: null };
    case "TIMEOUT":
      return {
        status: "TIMED_OUT",
        stream: "TIMEOUT",
        error: { type: "timeout", message: `the tool was stopped after ${outcome.limitMs} ms, its limit` },
      };
    case "CANCELED":
      return {
        status: "CANCELED",
        stream: "CANCELED",
        error: { type: "canceled", message: "the invocation was canceled" },
      };
    case "DISK_FULL":
      return { status: "FAILED", stream: "ERROR", error: { type: "disk_full", message: FULL_DISK } };
    case "ERROR":
      return { status: "FAILED", stream: "ERROR", error: { type: outcome.type, message: outcome.message } };
  }
}

/**
 * Lives of executors one invocation may use up: a tool that takes its process down does not do so for ever. More than the nine
 * in a row after which a run is given up, so that what kills a process from outside fails no call of a run that goes on.
 */
export const MAX_ATTEMPTS = 12;

/** How long an invocation without an executor waits for its next call: longer than a deploy or a restart of what calls takes. */
export const ABANDONED_AFTER_MS = 3_600_000;

/** The end of an invocation that lost its executor, might have run again, and was not asked for. */
export function endingOfAbandoned(effect: string): Ending {
  const stream = "INTERRUPTED";
  const why = "the executor died while the tool ran, and nobody asked for the answer again";
  if (effect === "pure") return { status: "FAILED", stream, error: { type: "executor_lost", message: why } };
  const message = `${why}; whether it had its effect is not known`;
  return { status: "UNKNOWN", stream, error: { type: "unknown_outcome", message } };
}

/** What is left of an invocation whose executor died: its end, or undefined when it may run again. */
export function endingOfLost(invocation: {
  effect: string;
  lives: number;
  cancelRequested: boolean;
}): Ending | undefined {
  const stream = "INTERRUPTED";
  if (invocation.effect === "at_most_once") {
    const message =
      "the executor died while the tool ran; whether it had its effect is not known, and it is not run again";
    return { status: "UNKNOWN", stream, error: { type: "unknown_outcome", message } };
  }
  if (invocation.cancelRequested)
    return { status: "CANCELED", stream, error: { type: "canceled", message: "the invocation was canceled" } };
  if (invocation.lives >= MAX_ATTEMPTS) {
    return {
      status: "FAILED",
      stream,
      error: { type: "executor_lost", message: `the executor died in each of ${invocation.lives} attempts` },
    };
  }
  return undefined;
}
