import type { RunDetailQuery } from "@soma/graphql/operations";
import { cutToWidth, displayWidth, padStartToWidth, padToWidth } from "./display-width.ts";
import { describeMs } from "./duration.ts";
import { paintFaint, paintStatus } from "./paint.ts";
import { line } from "./print.ts";
import type { Span, SpanKind, StepTimes } from "./step-spans.ts";
import { wrap } from "./wrap.ts";

type Told = NonNullable<RunDetailQuery["run"]>["steps"]["nodes"][number];
type Step = Pick<Told, "number" | "nodeId" | "status" | "attempt" | "startedAt"> &
  Partial<Pick<Told, "summary" | "finishedAt" | "latencyMs" | "error" | "decision" | "answeredBy" | "invocation">>;

/** In the order they are drawn in: what is short and matters comes over what is long. */
const CELLS = { WAIT: "·", BACK_OFF: "░", WORK: "█", LOST: "╳" } as const satisfies Record<SpanKind, string>;
const WORDS = { WAIT: "waits", BACK_OFF: "rests before another try", WORK: "works", LOST: "worker lost" } as const;
const KINDS = Object.keys(CELLS) as SpanKind[];

const TIME_WIDTH = 8;
const LEAST_BAR = 8;
/** So much is told of one thing. */
const NOTE_WIDTH = 400;
/** A step that was tried again and again tells of the last tries. */
const MOST_NOTES = 4;

export interface WaterfallOptions {
  /** Cells of the terminal. */
  width: number;
  /** In milliseconds: where what goes on ends for now. */
  now: number;
}

/** The steps of a run as bars over time, each with what there is to say of it, in lines that fit the width. */
export function toWaterfall(
  steps: readonly Step[],
  times: ReadonlyMap<number, StepTimes>,
  { width, now }: WaterfallOptions,
): string[] {
  const rows = steps.map((step) => ({ step, spans: spansOf(step, times.get(step.number)?.spans ?? [], now) }));
  const all = rows.flatMap(({ spans }) => spans);
  if (all.length === 0) return ["no step has begun"];
  const scale = toScale(all, steps, width);
  return [
    headOf(scale),
    ...rows.flatMap(({ step, spans }) => [
      rowOf(step, spans, scale),
      ...notesOf(step, times.get(step.number)?.notes ?? []).flatMap((note) => indented(note, step, scale)),
    ]),
    ...legendOf(all, width),
  ];
}

type ClosedSpan = Span & { to: number };

/** By its events, or where they do not tell, by what the step says itself. */
function spansOf(step: Step, told: readonly Span[], now: number): ClosedSpan[] {
  const began = Date.parse(step.startedAt);
  const finished = typeof step.finishedAt === "string" ? Date.parse(step.finishedAt) : undefined;
  const until = finished ?? (typeof step.latencyMs === "number" ? began + step.latencyMs : now);
  const spans: readonly Span[] = told.length > 0 ? told : [{ kind: "WORK", from: began, to: undefined }];
  return spans.map((span) => ({ ...span, to: Math.max(span.from, span.to ?? until) }));
}

interface Scale {
  from: number;
  total: number;
  number: number;
  name: number;
  bar: number;
  width: number;
}

function toScale(spans: readonly ClosedSpan[], steps: readonly Step[], width: number): Scale {
  const from = spans.reduce((least, span) => Math.min(least, span.from), Infinity);
  const to = spans.reduce((most, span) => Math.max(most, span.to), 0);
  const widest = steps.reduce((most, { nodeId }) => Math.max(most, displayWidth(line(nodeId, NOTE_WIDTH))), 0);
  const number = String(steps.at(-1)?.number ?? 0).length;
  const name = Math.max(4, Math.min(widest, Math.floor(width / 4)));
  const bar = Math.max(LEAST_BAR, width - number - name - TIME_WIDTH - 5);
  return { from, total: Math.max(1, to - from), number, name, bar, width };
}

function headOf({ number, name, bar, total }: Scale): string {
  const most = describeMs(total);
  const axis = `0${padStartToWidth(most, bar - 1)}`;
  return paintFaint(
    `${padStartToWidth("", number)}  ${padToWidth("NODE", name)}  ${axis} ${padStartToWidth("TOOK", TIME_WIDTH)}`,
  );
}

function rowOf(step: Step, spans: readonly ClosedSpan[], scale: Scale): string {
  const [first, last] = [spans.at(0), spans.at(-1)];
  const took = first === undefined || last === undefined ? "" : describeMs(last.to - first.from);
  const number = padStartToWidth(String(step.number), scale.number);
  const name = padToWidth(line(step.nodeId, scale.name), scale.name);
  const bar = paintStatus(toneOf(step), barOf(spans, scale));
  return `${number}  ${name}  ${bar} ${padStartToWidth(took, TIME_WIDTH)}`;
}

/** A step whose tool failed has succeeded: the failure was heard. It needs eyes all the same. */
function toneOf({ status, invocation }: Step): string {
  return status === "SUCCEEDED" ? (invocation?.status ?? status) : status;
}

/** What is shorter than a cell has one all the same. */
function barOf(spans: readonly ClosedSpan[], { from, total, bar }: Scale): string {
  const cells = Array.from({ length: bar }, () => " ");
  for (const kind of KINDS)
    for (const span of spans.filter((other) => other.kind === kind)) {
      const start = Math.min(bar - 1, Math.floor(((span.from - from) / total) * bar));
      const end = Math.max(start + 1, Math.round(((span.to - from) / total) * bar));
      cells.fill(CELLS[kind], start, end);
    }
  return cells.join("");
}

/** What a step did, how it ended where that needs eyes, and what came between. */
function notesOf(step: Step, told: readonly string[]): string[] {
  const { summary, nodeId, answeredBy } = step;
  const hidden = told.length - MOST_NOTES;
  return [
    typeof summary === "string" && summary !== nodeId ? summary : "",
    hidden > 0 ? `${hidden} things before these` : "",
    ...told.slice(-MOST_NOTES),
    ...(answeredBy?.passedOver ?? []).map(
      ({ profile, code, message }) => `not answered by ${profile}: ${code}: ${message}`,
    ),
    endOf(step),
  ].filter((note) => note !== "");
}

function endOf({ status, attempt, error, decision }: Step): string {
  const tries = attempt > 1 ? ` in try ${attempt}` : "";
  if (status === "SUCCEEDED") return tries === "" ? "" : `succeeded${tries}`;
  const refusal = decision?.allow === false ? `: ${decision.reason}` : "";
  const why = error === null || error === undefined ? refusal : `: ${error.code}: ${error.message}`;
  return `${status}${tries}${why}`;
}

/** A note in as many lines as it needs; the word of its status has a colour. */
function indented(note: string, { status }: Step, { number, width }: Scale): string[] {
  const before = " ".repeat(number + 2);
  const lines = wrap(line(note, NOTE_WIDTH), width - before.length);
  return lines.map((text) => before + (text.startsWith(status) ? paintStatus(status, text) : paintFaint(text)));
}

function legendOf(spans: readonly ClosedSpan[], width: number): string[] {
  const kinds = KINDS.toReversed().filter((kind) => spans.some((span) => span.kind === kind));
  if (kinds.length === 1 && kinds[0] === "WORK") return [];
  return [paintFaint(cutToWidth(kinds.map((kind) => `${CELLS[kind]} ${WORDS[kind]}`).join("  "), width))];
}
