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

interface RowsParams {
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

/** Steps as lines, in their order: small ones are folded into the one before, and lost workers have lines of their own. */
export function toRows(steps: readonly StepView[], { spans, gaps }: Timeline, { opened, all }: RowsParams): Row[] {
  const lines: Line[] = steps.map((step) => ({ step, segments: spans.get(step.id) ?? [] }));
  const folded = foldable(lines);
  const rows: Row[] = [];
  let head: StepRow | undefined;
  let nextGap = 0;
  const takeGaps = (until: number): void => {
    for (let gap = gaps[nextGap]; gap !== undefined && gap.to <= until; gap = gaps[nextGap]) {
      rows.push({ kind: "gap", key: `gap:${gap.seq}`, gap });
      nextGap += 1;
      head = undefined;
    }
  };
  for (const [at, { step, segments }] of lines.entries()) {
    takeGaps(segments[0]?.from ?? Number.NEGATIVE_INFINITY);
    const isInner = head !== undefined && folded.has(at);
    if (head !== undefined && isInner) head.folds += 1;
    if (isInner && head?.isOpen === false) continue;
    const isOpen = all || opened.has(step.id);
    const row: StepRow = { kind: "step", key: step.id, step, segments, folds: 0, isOpen, canFold: !all, isInner };
    rows.push(row);
    if (!isInner) head = row;
  }
  takeGaps(Number.POSITIVE_INFINITY);
  return rows;
}

interface Line {
  step: StepView;
  segments: readonly Segment[];
}

/** Positions of the steps that may be folded. */
function foldable(lines: readonly Line[]): Set<number> {
  const found = new Set<number>();
  let stretch: number[] = [];
  const settle = (): void => {
    for (const at of stretch) if (stretch.length > LOOP || PLUMBING.has(lines[at]?.step.nodeType ?? "")) found.add(at);
    stretch = [];
  };
  for (const [at, line] of lines.entries()) {
    if (isQuick(line)) stretch.push(at);
    else settle();
  }
  settle();
  return found;
}

/** It went well at once, and in no time; nobody was asked for it. */
function isQuick({ step, segments }: Line): boolean {
  const [only] = segments;
  if (step.status !== "SUCCEEDED" || step.attempt > 1 || TELLING.has(step.nodeType)) return false;
  if (only === undefined || only.to === null || segments.length > 1) return false;
  return only.kind === "work" && only.to - only.from < QUICK_MS;
}

/** The line of a step, or of the one that it is folded into; -1 when there is none. */
export function rowOf(rows: readonly Row[], stepNumber: number): number {
  return rows.findLastIndex((row) => row.kind === "step" && row.step.number <= stepNumber);
}
