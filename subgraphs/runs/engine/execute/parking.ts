import type { SignalPayload } from "@soma/schemas/run-history";
import type { Parked, Wake } from "@soma/sdk/node";
import { signalNameFault } from "@soma/sdk/signal-name";
import { SomaError } from "@soma/shared/errors";
import { toChildResult, toDecision } from "../../domain/wait-answers.ts";
import { isApprovalName, isChildName } from "../../domain/wait-names.ts";
import type { RunWait } from "../../store/commit-batch.ts";
import type { EntryStep, Journal } from "../journal/journal.ts";
import type { Inbox } from "./inbox.ts";
import type { RunContext } from "./run-context.ts";

/** What a parked step waits for, as its history tells. */
export interface Waiting {
  until: Date | null;
  /** Name of a signal, or one of those of domain/wait-names.ts. */
  signal: string | null;
  summary: string;
}

/** What a step that waits comes to: what woke it, or how long its run waits on. */
export type Looked = { woken: SignalPayload | null } | { wait: RunWait };

/** What a node says its step waits for; refused when it could never come. A decision or a run has the name that was made for it. */
export function toWaiting(parked: Parked, name?: string): Waiting {
  const { parkedUntil, summary } = parked;
  const signal = name ?? ("parkedForSignal" in parked ? parked.parkedForSignal : undefined);
  if (signal === undefined && parkedUntil === undefined)
    throw new SomaError("BAD_INPUT", "a step that parks says until when or for which signal");
  const fault = name === undefined && signal !== undefined ? signalNameFault(signal) : undefined;
  if (fault !== undefined) throw new SomaError("BAD_INPUT", fault);
  if (parkedUntil !== undefined && Number.isNaN(parkedUntil.getTime()))
    throw new SomaError("BAD_INPUT", "the time a step parks until is an invalid date");
  return { until: parkedUntil ?? null, signal: signal ?? null, summary };
}

/** A wait of so many milliseconds parks its run: another run has the place meanwhile, and the wait outlasts the process. */
export const PARK_FROM_MS = 1_000;

/**
 * Looks whether a signal or, when the step has waited already, the time is there. A step that parks again waits at least as
 * long as is worth a park, so that one which asks for a time that has passed does not go round as fast as the database can.
 */
export async function lookFor(
  { until, signal: name }: Waiting,
  {
    context,
    inbox,
    hasWaited,
    parksAgain,
  }: { context: RunContext; inbox: Inbox; hasWaited: boolean; parksAgain: boolean },
): Promise<Looked> {
  const { seen = 0, signal } = name === null ? {} : await inbox.look(name);
  if (signal !== undefined) return { woken: signal };
  if (hasWaited && until !== null && until <= context.now())
    return { woken: name !== null && isApprovalName(name) ? await inbox.expire(name) : null };
  const ms = Math.max(parksAgain ? PARK_FROM_MS : 0, waitMs(context, until));
  if (name === null) return { wait: { ms, signal: null } };
  return { wait: { ms, signal: { name, seen }, ...(isApprovalName(name) ? { isAsking: true } : {}) } };
}

/** Milliseconds until a time, or until the run's deadline where that comes before. */
export function waitMs(context: RunContext, until: Date | null): number {
  const deadline = context.deadline().getTime();
  return Math.max(0, Math.min(until?.getTime() ?? deadline, deadline) - context.now().getTime());
}

/** Others hear of a decision; that a person is waited for no more, whatever was decided. */
export function noteDecision(journal: Journal, step: EntryStep, signal: SignalPayload | null): void {
  if (signal !== null && isApprovalName(signal.name))
    journal.write({ kind: "APPROVAL_DECIDED", step, payload: toDecision(signal) });
}

export function toWake(signal: SignalPayload | null): Wake {
  if (signal === null) return { by: "TIME" };
  const { name, payload, sentBy } = signal;
  if (isChildName(name)) return { by: "RUN", ...toChildResult(payload) };
  if (!isApprovalName(name)) return { by: "SIGNAL", name, payload, sentBy };
  const { approved, comment } = toDecision(signal);
  return approved === null ? { by: "TIME" } : { by: "DECISION", approved, comment, decidedBy: sentBy };
}
