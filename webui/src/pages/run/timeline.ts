import { isStepEnd, payloadOf } from "@soma/schemas/run-history";
import type { LogEvent } from "../../run-log/view.ts";

/** What a step did for a while: work of four sorts, or one of four ways to stand still. */
export type SegmentKind = "model" | "tool" | "policy" | "work" | "backoff" | "person" | "parked" | "lost";

/** From and to in milliseconds of the clock; `to` is null while it goes on. */
export interface Segment {
  kind: SegmentKind;
  from: number;
  to: number | null;
}

/** Something of the whole run that its steps do not tell. */
export interface Gap {
  /**
   * `lost`: no worker held the run, from the last thing that was recorded to the take-over. `paused`: somebody let it
   * rest. `rolledBack`: what stands above it counts no more, from the event that was gone back to.
   */
  kind: "lost" | "paused" | "rolledBack";
  from: number;
  to: number;
  /** Number of the event that tells of it. */
  seq: number;
}

/** Where the time of a run went. */
export interface Timeline {
  /** Number of the newest event in it; 0 before the first. */
  seq: number;
  /** When the first and the newest event were; null before the first. */
  from: number | null;
  lastAt: number | null;
  /** By the step's id, in their order. */
  spans: ReadonlyMap<string, readonly Segment[]>;
  gaps: readonly Gap[];
  /** Since when it is paused; null while it is not. */
  pausedAt: number | null;
  /** Ids of steps that hold others, which go on in another process without a beginning of their own. */
  holders: ReadonlySet<string>;
  /** Ids of steps whose newest segment goes on. */
  open: ReadonlySet<string>;
}

export const EMPTY_TIMELINE: Timeline = {
  ...{ seq: 0, from: null, lastAt: null, gaps: [], pausedAt: null },
  ...{ spans: new Map(), holders: new Set<string>(), open: new Set<string>() },
};

interface Draft extends Timeline {
  spans: Map<string, readonly Segment[]>;
  gaps: Gap[];
  holders: Set<string>;
  open: Set<string>;
}

/**
 * The timeline after some more events, oldest first; those it has already are left out. Costs as much as they do: of a
 * history the newest timeline is the one to grow, since it takes over what the one before it held of the steps.
 */
export function growTimeline(before: Timeline, events: readonly LogEvent[]): Timeline {
  const fresh = events.filter(({ seq }) => seq > before.seq);
  if (fresh.length === 0) return before;
  const draft = toDraft(before);
  for (const event of fresh) {
    const at = Date.parse(event.at);
    draft.from ??= at;
    apply(draft, event, at);
    draft.seq = event.seq;
    draft.lastAt = at;
  }
  return draft;
}

function toDraft(before: Timeline): Draft {
  const { spans, holders, open } = before;
  const isFirst = before.seq === 0;
  return {
    ...before,
    gaps: [...before.gaps],
    spans: isFirst ? new Map() : (spans as Map<string, readonly Segment[]>),
    holders: isFirst ? new Set() : (holders as Set<string>),
    open: isFirst ? new Set() : (open as Set<string>),
  };
}

const WORK: Readonly<Record<string, SegmentKind>> = { model: "model", tool: "tool", policy: "policy" };
/** Kinds of nodes that hold others. */
const HOLDS = new Set(["map", "parallel", "subgraph"]);
const ENDS_ALL = new Set(["RUN_SUCCEEDED", "RUN_FAILED", "RUN_CANCELED", "RUN_FORKED", "RUN_ROLLED_BACK"]);

function apply(draft: Draft, event: LogEvent, at: number): void {
  if (event.type === "RUN_RECOVERED") applyTakeOver(draft, event, at);
  if (event.type === "RUN_ROLLED_BACK") draft.gaps.push({ kind: "rolledBack", from: at, to: at, seq: event.seq });
  applyPause(draft, event, at);
  if (ENDS_ALL.has(event.type)) for (const id of [...draft.open]) close(draft, id, at);
  else if (event.stepId !== null) applyStep(draft, event, { stepId: event.stepId, at });
}

function applyPause(draft: Draft, { type, seq }: LogEvent, at: number): void {
  if (type === "RUN_PAUSED") draft.pausedAt = at;
  else if (draft.pausedAt !== null && (type === "RUN_RESUMED" || ENDS_ALL.has(type))) {
    draft.gaps.push({ kind: "paused", from: draft.pausedAt, to: at, seq });
    draft.pausedAt = null;
  }
}

function applyStep(draft: Draft, event: LogEvent, { stepId, at }: { stepId: string; at: number }): void {
  const work = WORK[event.nodeType ?? ""] ?? "work";
  switch (event.type) {
    case "STEP_STARTED":
      if (HOLDS.has(event.nodeType ?? "")) draft.holders.add(stepId);
      begin(draft, stepId, work, at);
      return;
    case "STEP_WOKEN":
    case "APPROVAL_DECIDED":
      begin(draft, stepId, work, at);
      return;
    case "STEP_RETRIED":
      begin(draft, stepId, "backoff", at);
      return;
    case "APPROVAL_ASKED":
      begin(draft, stepId, "person", at);
      return;
    case "STEP_PARKED":
      // A step that asked a person parks after it: what it waits for is known already.
      if (draft.spans.get(stepId)?.at(-1)?.kind !== "person") begin(draft, stepId, "parked", at);
      return;
    default:
      if (isStepEnd(event.type)) applyEnd(draft, event, { stepId, work, at });
  }
}

function begin(draft: Draft, id: string, kind: SegmentKind, at: number): void {
  close(draft, id, at);
  draft.spans.set(id, [...(draft.spans.get(id) ?? []), { kind, from: at, to: null }]);
  draft.open.add(id);
}

function close(draft: Draft, id: string, at: number): void {
  const segments = draft.spans.get(id);
  const last = segments?.at(-1);
  if (segments === undefined || last === undefined || last.to !== null) return;
  draft.spans.set(id, [...segments.slice(0, -1), { ...last, to: Math.max(last.from, at) }]);
  draft.open.delete(id);
}

/** A step without effects tells of its beginning with its end alone. */
function applyEnd(
  draft: Draft,
  { type, payload }: LogEvent,
  { stepId, work, at }: { stepId: string; work: SegmentKind; at: number },
): void {
  close(draft, stepId, at);
  if (!isStepEnd(type) || draft.spans.has(stepId)) return;
  const { startedAt, latencyMs } = payloadOf(type, payload);
  const told = Date.parse(startedAt ?? "");
  const from = Number.isNaN(told) ? at - (latencyMs ?? 0) : told;
  draft.spans.set(stepId, [{ kind: work, from: Math.min(from, at), to: at }]);
}

/** What worked then was cut off; what waited goes on waiting. */
function applyTakeOver(draft: Draft, { seq }: LogEvent, at: number): void {
  const from = draft.lastAt ?? at;
  draft.gaps.push({ kind: "lost", from, to: at, seq });
  for (const id of [...draft.open]) {
    const last = draft.spans.get(id)?.at(-1);
    if (last === undefined || !isWork(last.kind)) continue;
    begin(draft, id, "lost", from);
    if (draft.holders.has(id)) begin(draft, id, last.kind, at);
    else close(draft, id, at);
  }
}

export function isWork(kind: SegmentKind): boolean {
  return kind === "model" || kind === "tool" || kind === "policy" || kind === "work";
}

interface Times {
  selfMs: number;
  totalMs: number;
}

/**
 * How long a step took in all, and how long of it something was done. What it did without a break took as long as its
 * worker measured, which is not to the millisecond how far its events are apart.
 */
export function timesOf(segments: readonly Segment[], now: number, measuredMs: number | null): Times {
  const [first, last] = [segments[0], segments.at(-1)];
  if (first === undefined || last === undefined) return { selfMs: 0, totalMs: 0 };
  if (measuredMs !== null && segments.length === 1 && last.to !== null && isWork(last.kind))
    return { selfMs: measuredMs, totalMs: measuredMs };
  const length = ({ from, to }: Segment): number => Math.max(0, (to ?? now) - from);
  const selfMs = segments.filter(({ kind }) => isWork(kind)).reduce((sum, each) => sum + length(each), 0);
  return { selfMs, totalMs: Math.max(0, (last.to ?? now) - first.from) };
}
