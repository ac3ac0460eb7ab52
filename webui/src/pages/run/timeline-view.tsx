import { type ReactNode, useCallback, useMemo, useRef, useState } from "react";
import { Link } from "wouter";
import type { RunLogSnapshot } from "../../run-log/run-log.ts";
import type { StepView } from "../../run-log/view.ts";
import { toServerTime } from "../../ui/server-clock.ts";
import { useNow } from "../../ui/use-now.ts";
import { toCount, toDuration, toLatency } from "../../ui/words.ts";
import { isProblem } from "./problems.ts";
import { RowList } from "./row-list.tsx";
import { type RunAddress, toRunAddress } from "./run-address.ts";
import { type TimeScale, toScale } from "./time-scale.ts";
import { EMPTY_TIMELINE, growTimeline, type Timeline } from "./timeline.ts";
import { TimelineLine } from "./timeline-line.tsx";
import { growRows, NO_ROWS, type Row, type RowsParams, rowOf } from "./timeline-rows.ts";
import styles from "./timeline-view.module.css";
import { useCalm } from "./use-calm.ts";

interface TimelineViewProps {
  runId: string;
  log: RunLogSnapshot;
  address: RunAddress;
  isGoing: boolean;
  onOpen(step: number): void;
  onClose(): void;
}

const HEIGHTS = { wide: 28, narrow: 48 };
/** Of a run that goes on, all bars are placed anew at most this often; a line that changed is drawn at once. */
const CALM_MS = 1_000;

/** Where the time of a run went: its steps as bars, and what each waited for. */
export function TimelineView({ runId, log, address, isGoing, onOpen, onClose }: TimelineViewProps): ReactNode {
  const timeline = useTimeline(log);
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const { all } = address;
  const rows = useGrownRows(log.view.steps, timeline, { opened, all });
  const now = toServerTime(useNow(isGoing));
  const calm = useCalm(timeline, CALM_MS);
  const told = isGoing ? calm : timeline;
  const scale = useMemo(() => toScale(told, now, isGoing), [told, now, isGoing]);
  const fold = useCallback((row: Row, isOpen: boolean): void => {
    if (row.kind !== "step" || row.folds === 0) return;
    setOpened((before) => (isOpen ? before.union(new Set([row.key])) : before.difference(new Set([row.key]))));
  }, []);
  const until = isGoing ? now : scale.to;
  const draw = useCallback(
    (row: Row) => <TimelineLine row={row} scale={scale} now={until} onFold={fold} />,
    [scale, until, fold],
  );
  const folded = rows.reduce((sum, row) => sum + (row.kind === "step" && !row.isOpen ? row.folds : 0), 0);
  return (
    <div className={styles.view}>
      <div className={styles.bar}>
        <span>{countWords(log.view.steps, folded)}</span>
        {folded === 0 && !all ? null : (
          <Link href={toRunAddress(runId, address, { all: !all })}>{all ? "Fold small steps" : "Show all steps"}</Link>
        )}
        <Legend />
      </div>
      <MissingStep log={log} step={address.step} />
      <RowList
        label="Steps of the run"
        className={styles.waterfall}
        items={rows}
        keyOf={({ key }) => key}
        heights={HEIGHTS}
        chosen={chosenRow(rows, log, address.step)}
        isFollowed={log.state.phase === "LIVE" || log.state.phase === "QUIET"}
        head={<Axis scale={scale} />}
        attributes={attributesOf}
        draw={draw}
        onOpen={(row) => row.kind === "step" && onOpen(row.step.number)}
        onClose={onClose}
        onFold={fold}
      />
    </div>
  );
}

/** A step that is not there, or not yet, is no line. */
function chosenRow(rows: readonly Row[], { view }: RunLogSnapshot, step: number | undefined): number | undefined {
  const isThere = step !== undefined && view.steps.some(({ number }) => number === step);
  return isThere ? rowOf(rows, step) : undefined;
}

function countWords(steps: readonly StepView[], folded: number): string {
  const bad = steps.filter(isProblem).length;
  return [
    `${toCount(steps.length)} ${steps.length === 1 ? "step" : "steps"}`,
    ...(folded === 0 ? [] : [`${toCount(folded)} small ${folded === 1 ? "one" : "ones"} folded`]),
    bad === 0 ? "no problems" : `${toCount(bad)} ${bad === 1 ? "problem" : "problems"}`,
  ].join(", ");
}

/** Grows with the log, so that a live run of any length costs what is new of it. */
function useTimeline({ events }: RunLogSnapshot): Timeline {
  const kept = useRef({ first: events[0], timeline: EMPTY_TIMELINE });
  return useMemo(() => {
    const before = kept.current.first === events[0] ? kept.current.timeline : EMPTY_TIMELINE;
    // Numbers are without gaps, from 1.
    const timeline = growTimeline(before, events.slice(before.seq));
    kept.current = { first: events[0], timeline };
    return timeline;
  }, [events]);
}

function useGrownRows(steps: readonly StepView[], timeline: Timeline, { opened, all }: RowsParams): readonly Row[] {
  const kept = useRef(NO_ROWS);
  return useMemo(() => {
    kept.current = growRows(kept.current, steps, timeline, { opened, all });
    return kept.current.rows;
  }, [steps, timeline, opened, all]);
}

function MissingStep({ log, step }: { log: RunLogSnapshot; step: number | undefined }): ReactNode {
  if (step === undefined || log.view.steps.some(({ number }) => number === step)) return null;
  return (
    <p className={styles.missing} role="status">
      There is no step {toCount(step)} {log.state.phase === "LOADING" ? "yet" : "here"}.
    </p>
  );
}

const LEGEND = [
  ["model", "model"],
  ["tool", "tool"],
  ["policy", "policy"],
  ["work", "other work"],
  ["backoff", "back-off"],
  ["person", "waits for a person"],
  ["parked", "waits for a time or a signal"],
  ["lost", "no worker"],
] as const;

function Legend(): ReactNode {
  return (
    <ul className={styles.legend} aria-label="What the bars mean">
      {LEGEND.map(([kind, words]) => (
        <li key={kind}>
          <i className={`${styles.swatch} ${styles[kind]}`} /> {words}
        </li>
      ))}
    </ul>
  );
}

function attributesOf(row: Row) {
  if (row.kind === "gap") return { "data-kind": row.kind };
  const { step, folds, isOpen, canFold, isInner } = row;
  return {
    "data-step": step.number,
    "data-status": step.status,
    "aria-level": isInner ? 2 : 1,
    "aria-expanded": folds > 0 && canFold ? isOpen : undefined,
  };
}

function Axis({ scale: { from, to, breaks } }: { scale: TimeScale }): ReactNode {
  const [longest] = [...breaks].sort((a, b) => b.to - b.from - (a.to - a.from));
  return (
    <div className={styles.axis}>
      <span className={styles.columns}>Step</span>
      <span className={styles.number}>Self</span>
      <span className={styles.number}>Total</span>
      <span className={styles.scale}>
        <span>0, queued</span>
        {longest === undefined ? null : (
          <span>‖ {toDuration(longest.to - longest.from)} without work, drawn short</span>
        )}
        <span>{toLatency(to - from)}</span>
      </span>
    </div>
  );
}
