import { type HistoryError, isStepEnd, payloadOf } from "@soma/schemas/run-history";
import type { LogEvent } from "../../run-log/view.ts";

/** A try of a step that did not come to its end, or came to a bad one. */
export interface FailedAttempt {
  attempt: number;
  at: string;
  /** A code of the error catalogue; null when nobody was left to tell one. */
  code: string | null;
  why: string;
  /** Milliseconds until the next one; null when none follows. */
  delayMs: number | null;
}

/** What the events of one step tell beside what every list shows. */
export interface StepStory {
  failed: readonly FailedAttempt[];
  /** What went in, in a few words; empty where the events do not say. */
  inputSummary: string;
  /** Span of the attempt, or empty. */
  spanId: string;
}

const LOST = { code: null, why: "the worker was lost during this attempt" };

/** The story of a step; `events` may be those of its whole run. */
export function storyOf(events: readonly LogEvent[], stepId: string): StepStory {
  const failed: FailedAttempt[] = [];
  let [inputSummary, spanId, running] = ["", "", 0];
  for (const { type, at, attempt, payload, stepId: about } of events) {
    if (type === "RUN_RECOVERED" && running > 0) {
      failed.push({ attempt: running, at, ...LOST, delayMs: null });
      running = 0;
    }
    if (about !== stepId) continue;
    if (type === "STEP_STARTED" || type === "STEP_WOKEN") running = attempt ?? 1;
    if (type === "STEP_PARKED") running = 0;
    if (type === "STEP_RETRIED") {
      const { attempt: which, delayMs, error } = payloadOf(type, payload);
      failed.push({ attempt: which ?? attempt ?? 1, at, ...toWhy(error), delayMs });
      running = 0;
    }
    if (!isStepEnd(type)) continue;
    const end = payloadOf(type, payload);
    ({ inputSummary, spanId } = end);
    if ("error" in end) failed.push({ attempt: attempt ?? 1, at, ...toWhy(end.error), delayMs: null });
    running = 0;
  }
  return { failed, inputSummary, spanId };
}

function toWhy({ code, message }: HistoryError): Pick<FailedAttempt, "code" | "why"> {
  return { code, why: message };
}
