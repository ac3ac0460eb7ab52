import { RunApprovalsDocument, type RunQuestionsFragment } from "@soma/graphql/operations";
import { payloadOf } from "@soma/schemas/run-history";
import { useEffect, useMemo, useState } from "react";
import { toProblem } from "../graphql/to-problem.ts";
import { useQuery } from "../graphql/use-query.ts";
import type { LogEvent } from "../run-log/view.ts";
import type { Problem } from "../ui/problem-note.tsx";

export type Asked = RunQuestionsFragment["pendingApprovals"][number];

/** What became of a question. */
export interface Decision {
  at: string;
  /** Null when nobody said anything in time, like who decided. */
  approved: boolean | null;
  decidedBy: string | null;
  comment: string | null;
}

/** A question that waits, or that another one decided while it stood here. */
export interface Question {
  asked: Asked;
  decision: Decision | undefined;
}

export interface Questions {
  all: readonly Question[];
  /** Why it is not known what is asked. */
  problem: Problem | undefined;
  reload(): void;
  /** A question needs nobody's eyes any more. */
  settle(approvalId: string): void;
}

interface RunLogPart {
  events: readonly LogEvent[];
  view: { seq: number };
}

/**
 * What a run asks a person. A question that was shown here and that somebody else decided stays, with who did and when, until
 * the reader has settled it. `log` tells that, and that there may be another question.
 */
export function useApprovals(runId: string, isAsking: boolean, log: RunLogPart | undefined): Questions {
  const [{ data, error }, ask] = useQuery(RunApprovalsDocument, { id: runId }, { pause: !isAsking });
  const [shown, setShown] = useState<readonly Asked[]>([]);
  const [settled, setSettled] = useState<ReadonlySet<string>>(new Set());
  const seq = log?.view.seq ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: an event is why it is asked again
  useEffect(() => {
    if (isAsking) ask({ requestPolicy: "network-only" });
  }, [seq, isAsking]);
  const pending = (isAsking ? data?.run?.pendingApprovals : undefined) ?? NONE;
  useEffect(() => setShown((before) => withNew(before, pending)), [pending]);
  const events = log?.events ?? NO_EVENTS;
  const all = useMemo(() => {
    const waits = new Set(pending.map(({ id }) => id));
    return withNew(shown, pending)
      .filter(({ id }) => !settled.has(id))
      .map((asked) => ({ asked, decision: findDecision(events, `${runId}.`, asked.id) }))
      .filter(({ asked, decision }) => decision !== undefined || waits.has(asked.id));
  }, [events, runId, shown, pending, settled]);
  return {
    all,
    problem: isAsking ? toProblem(error) : undefined,
    reload: () => ask({ requestPolicy: "network-only" }),
    settle: (approvalId) => setSettled((before) => before.union(new Set([approvalId]))),
  };
}

const NONE: readonly Asked[] = [];
const NO_EVENTS: readonly LogEvent[] = [];

function withNew(known: readonly Asked[], pending: readonly Asked[]): readonly Asked[] {
  const fresh = pending.filter(({ id }) => !known.some((asked) => asked.id === id));
  return fresh.length === 0 ? known : [...known, ...fresh];
}

const NAME = "approval:";
const DECIDED = "APPROVAL_DECIDED";

function findDecision(events: readonly LogEvent[], before: string, approvalId: string): Decision | undefined {
  const isIt = ({ type, payload }: LogEvent): boolean =>
    type === DECIDED && `${before}${payloadOf(type, payload).name.slice(NAME.length)}` === approvalId;
  const event = events.findLast(isIt);
  if (event === undefined) return undefined;
  const { approved, decidedBy, comment } = payloadOf(DECIDED, event.payload);
  return { at: event.at, approved, decidedBy, comment };
}
