import type { ApprovalPayload } from "@soma/schemas/run-history";
import type { Parked, Question } from "@soma/sdk/node";
import { SomaError } from "@soma/shared/errors";
import { toStorableJson } from "@soma/shared/json";
import { approvalName, childName } from "../../domain/wait-names.ts";
import type { EntryStep, Journal } from "../journal/journal.ts";
import { beganWith } from "./began-with.ts";
import type { Children } from "./children.ts";
import { toWaiting, type Waiting } from "./parking.ts";
import type { Scope } from "./scope.ts";

const DEFAULT_ROLE = "approver";
const MAX_QUESTION_BYTES = 1_000;
const MAX_DETAILS_BYTES = 65_536;

interface WaitParts {
  journal: Journal;
  children: Children;
  step: EntryStep;
  scope: Scope;
  /** How often the step has waited before. */
  call: number;
  /** Of the question, where it is not one of the node. */
  name?: string;
  /** The history tells of the step already. */
  isTold: boolean;
}

/**
 * What a node says its step waits for, after what the wait begins with: a question is asked, a run is started. Done
 * again by whoever begins the step again, it comes to the same wait: what is waited for is named by the step and the
 * number of its call.
 */
export async function beginWait(
  parked: Parked,
  { journal, children, step, scope, call, name = approvalName(step.number, call), isTold }: WaitParts,
): Promise<Waiting> {
  if ("parkedForApproval" in parked) {
    const waiting = toWaiting(parked, name);
    journal.write({ kind: "APPROVAL_ASKED", step, payload: toAsked(parked.parkedForApproval, waiting) });
    return waiting;
  }
  if (!("parkedForRun" in parked)) return toWaiting(parked);
  // What led here is durable before anything outside comes of it, as before a node with effects. So is the number of
  // the step, by which the run is known that it starts: beside branches another step could have it after a crash.
  if (!isTold) journal.write({ kind: "STEP_STARTED", step, payload: { summary: parked.summary, ...beganWith(scope) } });
  await journal.barrier();
  const { until, summary } = toWaiting(parked, childName(""));
  const runId = await children.start(parked.parkedForRun, { step: step.number, call, until });
  return { until, signal: childName(runId), summary };
}

function toAsked(asked: Question, { signal, until }: Waiting): ApprovalPayload {
  const { question, role = DEFAULT_ROLE, byAnother = false } = asked;
  const details = toStorableJson(asked.details ?? null);
  const bytes = Buffer.byteLength(question);
  if (question.trim() === "" || bytes > MAX_QUESTION_BYTES)
    throw new SomaError(
      "BAD_INPUT",
      `the question to a person has ${bytes} bytes; it needs some, and at most ${MAX_QUESTION_BYTES}`,
    );
  const size = Buffer.byteLength(JSON.stringify(details));
  if (size > MAX_DETAILS_BYTES)
    throw new SomaError(
      "BAD_INPUT",
      `the details of the question have ${size} bytes of JSON; at most ${MAX_DETAILS_BYTES} are allowed`,
    );
  return { name: signal ?? "", question, details, role, byAnother, until: until?.toISOString() ?? null };
}
