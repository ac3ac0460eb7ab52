import { RunApprovalsDocument, type RunQuestionsFragment } from "@soma/graphql/operations";
import { payloadOf } from "@soma/schemas/run-history";
import { useEffect, useState } from "react";
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
  const waits = new Set(pending.map(({ id }) => id));
  const all = withNew(shown, pending)
    .filter(({ id }) => !settled.has(id))
    .map((asked) => ({ asked, decision: findDecision(log?.events ?? [], `${runId}.`, asked.id) }))
    .filter(({ asked, decision }) => decision !== undefined || waits.has(asked.id));
  return {
    all,
    problem: isAsking ? toProblem(error) : undefined,
    reload: () => ask({ requestPolicy: "network-only" }),
    settle: (approvalId) => setSettled((before) => before.union(new Set([approvalId]))),
  };
}

const NONE: readonly Asked[] = [];

function withNew(known: readonly Asked[], pending: readonly Asked[]): readonly Asked[] {
  const fresh = pending.filter(({ id }) => !known.some((asked) => asked.id === id));
  return fresh.length === 0 ? known : [...known, ...fresh];
}

const NAME = "approval:";

function findDecision(events: readonly LogEvent[], before: string, approvalId: string): Decision | undefined {
  for (const event of events.toReversed()) {
    if (event.type !== "APPROVAL_DECIDED") continue;
    const { name, ...said } = payloadOf(event.type, event.payload);
    if (`${before}${name.slice(NAME.length)}` === approvalId) return { ...said, at: event.at };
  }
  return undefined;
}
