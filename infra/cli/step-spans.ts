import { type EventKind, isEventKind, isStepEnd, payloadOf } from "@soma/schemas/run-history";
import { describeEvent } from "./describe-event.ts";
import { describeMs } from "./duration.ts";

/** An event of a history, as far as time is concerned. */
export interface TimedEvent {
  seq: number;
  at: string;
  type: string;
  stepNumber?: number | null;
  payload: unknown;
}

/** What a step does for a while: it works, rests after a failed try, waits for something, or its worker is lost. */
export type SpanKind = "WORK" | "BACK_OFF" | "WAIT" | "LOST";

/** From one instant to another, in milliseconds; `to` is undefined while it goes on. */
export interface Span {
  kind: SpanKind;
  from: number;
  to: number | undefined;
}

/** How a step went by its events. */
export interface StepTimes {
  spans: Span[];
  /** What is told of it beside its end, in words. */
  notes: string[];
  /** The first event of it. */
  firstSeq: number;
}

/** How each step of a run spent its time, by the step's number. Of frames of streams it matters when they were alone. */
export function toStepTimes(events: Iterable<TimedEvent>): Map<number, StepTimes> {
  const steps = new Map<number, StepTimes>();
  let before = 0;
  for (const event of events) {
    const at = Date.parse(event.at);
    if (isEventKind(event.type) && !event.type.startsWith("STREAM_")) {
      if (typeof event.stepNumber === "number") takeStepEvent(timesOf(steps, event.stepNumber, event.seq), event, at);
      else takeRunEvent(steps, event, { at, before });
    }
    before = at;
  }
  return steps;
}

function timesOf(steps: Map<number, StepTimes>, number: number, seq: number): StepTimes {
  const known = steps.get(number) ?? { spans: [], notes: [], firstSeq: seq };
  steps.set(number, known);
  return known;
}

/** What a step goes on with after an event of it. */
const BEGINS: Partial<Record<string, SpanKind>> = {
  STEP_STARTED: "WORK",
  STEP_RETRIED: "BACK_OFF",
  STEP_PARKED: "WAIT",
  STEP_WOKEN: "WORK",
} satisfies Partial<Record<EventKind, SpanKind>>;

function takeStepEvent(step: StepTimes, event: TimedEvent, at: number): void {
  if (isStepEnd(event.type)) end(step, payloadOf(event.type, event.payload).startedAt, at);
  const note = noteOf(step, event, at);
  if (note !== undefined) step.notes.push(note);
  const kind = BEGINS[event.type];
  if (kind !== undefined) goOn(step, kind, at);
}

function noteOf({ spans }: StepTimes, event: TimedEvent, at: number): string | undefined {
  const words = describeEvent(event);
  if (event.type === "STEP_RETRIED") return words;
  if (event.type === "STEP_WOKEN") return `waited ${describeMs(at - (spans.at(-1)?.from ?? at))}: ${words}`;
  if (event.type === "APPROVAL_ASKED") return `asked: ${words}`;
  return event.type === "APPROVAL_DECIDED" ? `decided: ${words}` : undefined;
}

function takeRunEvent(steps: Map<number, StepTimes>, event: TimedEvent, { at, before }: Instants): void {
  if (event.type === "RUN_RECOVERED") for (const step of steps.values()) lose(step, { at, before });
  if (event.type === "RUN_ROLLED_BACK") {
    const { toSeq } = payloadOf(event.type, event.payload);
    for (const step of steps.values())
      if (step.firstSeq > toSeq) step.notes.push("a rollback took it back; it counts no more");
  }
  if (/^RUN_(SUCCEEDED|FAILED|CANCELED)$/.test(event.type)) for (const step of steps.values()) close(step, at);
}

/** When an event was, and when the one before it. */
interface Instants {
  at: number;
  before: number;
}

function goOn(step: StepTimes, kind: SpanKind, at: number): void {
  close(step, at);
  step.spans.push({ kind, from: at, to: undefined });
}

function close({ spans }: StepTimes, at: number): void {
  const last = spans.at(-1);
  if (last !== undefined && last.to === undefined) last.to = Math.max(last.from, at);
}

/** A node without effects tells of its beginning only with its end. */
function end(step: StepTimes, startedAt: string | null, at: number): void {
  const last = step.spans.at(-1);
  const began = startedAt === null ? Number.NaN : Date.parse(startedAt);
  if (last?.to === undefined && last?.kind !== "WORK" && !Number.isNaN(began)) goOn(step, "WORK", began);
  close(step, at);
}

/** Nobody knows when a worker was lost: it was alive when it wrote the last event. */
function lose(step: StepTimes, { at, before }: Instants): void {
  const last = step.spans.at(-1);
  if (last === undefined || last.to !== undefined || last.kind !== "WORK") return;
  goOn(step, "LOST", Math.max(last.from, before));
  step.notes.push("its worker was lost; another one took the run over");
  goOn(step, "WORK", at);
}
