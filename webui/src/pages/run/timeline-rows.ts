import type { StepView } from "../../run-log/view.ts";
import type { Gap, Segment, Timeline } from "./timeline.ts";

/** A line of the waterfall. */
export type Row =
  | {
      kind: "step";
      key: string;
      step: StepView;
      segments: readonly Segment[];
      /** How many small steps that follow it are folded into it. */
      folds: number;
      /** Whether they are shown below it. */
      isOpen: boolean;
      /** False when every small step is shown. */
      canFold: boolean;
      /** Whether it is such a small step itself. */
      isInner: boolean;
    }
  | { kind: "gap"; key: string; gap: Gap };
export type StepRow = Extract<Row, { kind: "step" }>;

export interface RowsParams {
  /** Ids of steps whose small followers are shown. */
  opened: ReadonlySet<string>;
  /** Whether every small step is. */
  all: boolean;
}

/** Shorter ones are of no interest among others. */
const QUICK_MS = 100;
/** More quick steps in a row than this are a loop, of which the first stands for the others. */
const LOOP = 8;
/** Kinds that only hold a graph together. */
const PLUMBING = new Set(["branch", "answer"]);
/** Kinds a reader looks for, however short they were. */
const TELLING = new Set(["approval", "wait", "delegate", "map", "parallel", "subgraph"]);

/** A step, and where the lines stood before its own was made. */
interface Line {
  step: StepView;
  segments: readonly Segment[];
  isQuick: boolean;
  rows: number;
  gaps: number;
}

/** Lines as they were made last, for the next ones to go on from. */
export interface GrownRows {
  rows: readonly Row[];
  lines: readonly Line[];
  gaps: number;
  params: RowsParams | undefined;
}

export const NO_ROWS: GrownRows = { rows: [], lines: [], gaps: 0, params: undefined };

/**
 * Steps as lines, in their order: small ones are folded into the one before, and lost workers have lines of their own. Of
 * the lines `before`, what stands above the first step that changed stays, the same objects: a long run costs what is new.
 */
export function growRows(
  before: GrownRows,
  steps: readonly StepView[],
  timeline: Timeline,
  params: RowsParams,
): GrownRows {
  const kept = keptLines(before, steps, timeline, params);
  const from = before.lines[kept];
  const lines = before.lines.slice(0, kept);
  const table = createTable(before.rows.slice(0, from?.rows ?? 0), timeline.gaps, from?.gaps ?? 0, params);
  for (const step of steps.slice(kept)) lines.push(toLine(step, timeline));
  for (let at = kept; at < lines.length; ) {
    const end = stretchEnd(lines, at);
    // More quick steps in a row are a loop, of which the first stands for the others.
    const isLoop = end - at > LOOP;
    for (const line of lines.slice(at, Math.max(end, at + 1)))
      table.add(line, line.isQuick && (isLoop || PLUMBING.has(line.step.nodeType)));
    at = Math.max(end, at + 1);
  }
  table.end();
  return { rows: table.rows, lines, gaps: timeline.gaps.length, params };
}

/** How many lines can stay: those above the last one that was not quick, before anything changed. */
function keptLines(
  { lines, gaps, params }: GrownRows,
  steps: readonly StepView[],
  timeline: Timeline,
  { opened, all }: RowsParams,
): number {
  if (params?.opened !== opened || params.all !== all || gaps !== timeline.gaps.length) return 0;
  let same = 0;
  for (const { step, segments } of lines) {
    if (step !== steps[same]) break;
    // What has ended goes on only by an event that changes its step too.
    const mayGrow = (segments.at(-1)?.to ?? null) === null;
    if (mayGrow && (timeline.spans.get(step.id) ?? segments) !== segments) break;
    same += 1;
  }
  return Math.max(
    0,
    lines.slice(0, same).findLastIndex(({ isQuick }) => !isQuick),
  );
}

function toLine(step: StepView, { spans }: Timeline): Line {
  const segments = spans.get(step.id) ?? [];
  return { step, segments, isQuick: isQuick(step, segments), rows: 0, gaps: 0 };
}

function stretchEnd(lines: readonly Line[], from: number): number {
  let end = from;
  while (lines[end]?.isQuick === true) end += 1;
  return end;
}

function createTable(rows: Row[], gaps: readonly Gap[], taken: number, { opened, all }: RowsParams) {
  let head: StepRow | undefined;
  let nextGap = taken;
  const takeGaps = (until: number): void => {
    for (let gap = gaps[nextGap]; gap !== undefined && gap.to <= until; gap = gaps[nextGap]) {
      rows.push({ kind: "gap", key: `gap:${gap.seq}`, gap });
      nextGap += 1;
      head = undefined;
    }
  };
  return {
    rows,
    add(line: Line, isFolded: boolean): void {
      line.rows = rows.length;
      line.gaps = nextGap;
      const { step, segments } = line;
      takeGaps(segments[0]?.from ?? Number.NEGATIVE_INFINITY);
      const isInner = head !== undefined && isFolded;
      if (head !== undefined && isInner) head.folds += 1;
      if (isInner && head?.isOpen === false) return;
      const isOpen = all || opened.has(step.id);
      const row: StepRow = { kind: "step", key: step.id, step, segments, folds: 0, isOpen, canFold: !all, isInner };
      rows.push(row);
      if (!isInner) head = row;
    },
    end: (): void => takeGaps(Number.POSITIVE_INFINITY),
  };
}

/** It went well at once, and in no time; nobody was asked for it. */
function isQuick(step: StepView, segments: readonly Segment[]): boolean {
  const [only] = segments;
  if (step.status !== "SUCCEEDED" || step.attempt > 1 || TELLING.has(step.nodeType)) return false;
  if (only === undefined || only.to === null || segments.length > 1) return false;
  return only.kind === "work" && only.to - only.from < QUICK_MS;
}

/** The line of a step, or of the one that it is folded into; -1 when there is none. */
export function rowOf(rows: readonly Row[], stepNumber: number): number {
  return rows.findLastIndex((row) => row.kind === "step" && row.step.number <= stepNumber);
}
