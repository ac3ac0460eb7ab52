import type { SignalPayload } from "@soma/schemas/run-history";
import type { Parked, Wake } from "@soma/sdk/node";
import type { RunWait } from "../../store/commit-batch.ts";
import type { Inbox } from "./inbox.ts";
import type { RunContext } from "./run-context.ts";

/** What a parked step waits for, as its history tells. */
export interface Waiting {
  until: Date | null;
  signal: string | null;
  summary: string;
}

/** What a step that waits comes to: what woke it, or how long its run waits on. */
export type Looked = { woken: SignalPayload | null } | { wait: RunWait };

export function toWaiting({ parkedUntil, parkedForSignal, summary }: Parked): Waiting {
  return { until: parkedUntil ?? null, signal: parkedForSignal ?? null, summary };
}

/** Looks whether a signal or, when the step has waited already, the time is there. */
export async function lookFor(
  { until, signal: name }: Waiting,
  { context, inbox, hasWaited }: { context: RunContext; inbox: Inbox; hasWaited: boolean },
): Promise<Looked> {
  const { seen = 0, signal } = name === null ? {} : await inbox.look(name);
  if (signal !== undefined) return { woken: signal };
  if (hasWaited && until !== null && until <= context.now()) return { woken: null };
  return { wait: { ms: waitMs(context, until), signal: name === null ? null : { name, seen } } };
}

/** Milliseconds until a time, or until the run's deadline where that comes before. */
export function waitMs(context: RunContext, until: Date | null): number {
  const deadline = context.deadline().getTime();
  return Math.max(0, Math.min(until?.getTime() ?? deadline, deadline) - context.now().getTime());
}

export function toWake(signal: SignalPayload | null): Wake {
  if (signal === null) return { by: "TIME" };
  const { name, payload, sentBy } = signal;
  return { by: "SIGNAL", name, payload, sentBy };
}
