import { showHidden } from "@soma/schemas/hidden-characters";
import type { ReactNode } from "react";
import { StatusShape } from "../../ui/icons.tsx";
import { StatusWord } from "../../ui/status.tsx";
import { toClock, toCount, toLatency } from "../../ui/words.ts";
import type { TimeScale } from "./time-scale.ts";
import { type Gap, isWork, type Segment, timesOf } from "./timeline.ts";
import type { Row, StepRow } from "./timeline-rows.ts";
import styles from "./timeline-view.module.css";

interface TimelineLineProps {
  row: Row;
  scale: TimeScale;
  /** Until when what goes on is drawn. */
  now: number;
  onFold(row: Row, isOpen: boolean): void;
}

/** What is in a line of the waterfall. */
export function TimelineLine(props: TimelineLineProps): ReactNode {
  const { row } = props;
  return (
    <div className={styles.line} data-kind={row.kind}>
      {row.kind === "gap" ? <GapLine {...props} row={row} /> : <StepLine {...props} row={row} />}
    </div>
  );
}

const GAP: Record<Gap["kind"], string> = {
  lost: "Worker lost, taken over at",
  paused: "Paused by somebody, until",
  rolledBack: "Rolled back: steps above may count no more; at",
};

function segmentsOf({ kind, from, to }: Gap): Segment[] {
  return kind === "rolledBack" ? [] : [{ kind: kind === "lost" ? "lost" : "parked", from, to }];
}

function GapLine({ row: { gap }, scale }: TimelineLineProps & { row: Extract<Row, { kind: "gap" }> }): ReactNode {
  return (
    <>
      <span className={styles.columns}>
        <span className={gap.kind === "lost" ? styles.lostWords : styles.words}>
          {gap.kind === "lost" ? <StatusShape icon="broken" /> : null} {GAP[gap.kind]} {toClock(gap.to)}
        </span>
      </span>
      <span className={styles.number} />
      <span className={styles.number}>{gap.kind === "rolledBack" ? "" : toLatency(gap.to - gap.from)}</span>
      <Bars segments={segmentsOf(gap)} scale={scale} now={gap.to} isBad={false} />
    </>
  );
}

function StepLine({ row, scale, now, onFold }: TimelineLineProps & { row: StepRow }): ReactNode {
  const { step, segments, isInner } = row;
  const { selfMs, totalMs } = timesOf(segments, now, step.latencyMs);
  const words = step.note ?? step.error?.message ?? step.summary;
  return (
    <>
      <span className={styles.columns} data-inner={isInner}>
        <span className={styles.stepNumber}>{step.number}</span>
        <span className={styles.node}>{showHidden(step.nodeId)}</span>
        <Folds row={row} onFold={onFold} />
        <span className={styles.words}>{showHidden(words)}</span>
        <StatusWord status={step.call ?? step.status} quiet />
      </span>
      <span className={styles.number}>
        <span className="visually-hidden">self </span>
        {toLatency(selfMs)}
      </span>
      <span className={styles.number}>
        <span className="visually-hidden">total </span>
        {toLatency(totalMs)}
      </span>
      <Bars segments={segments} scale={scale} now={now} isBad={step.status === "FAILED" || step.call === "FAILED"} />
    </>
  );
}

function Folds({ row, onFold }: Pick<TimelineLineProps, "onFold"> & { row: StepRow }): ReactNode {
  const { folds, isOpen, canFold } = row;
  if (folds === 0 || !canFold) return null;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the arrow keys of the list do it
    // biome-ignore lint/a11y/noStaticElementInteractions: the list has it as the state of the line
    <span
      className={styles.folds}
      onClick={(event) => {
        event.stopPropagation();
        onFold(row, !isOpen);
      }}
    >
      {isOpen ? "−" : "+"}
      {toCount(folds)} <span className="visually-hidden">small steps follow</span>
    </span>
  );
}

const STANDS: Partial<Record<Segment["kind"], string>> = {
  backoff: "back-off",
  person: "waited for a person",
  parked: "waited",
  lost: "without a worker",
};

interface BarsProps {
  segments: readonly Segment[];
  scale: TimeScale;
  now: number;
  isBad: boolean;
}

function Bars({ segments, scale, now, isBad }: BarsProps): ReactNode {
  const stood = segments.filter(({ kind }) => !isWork(kind));
  const words = stood.map(({ kind, from, to }) => `${STANDS[kind]} ${toLatency((to ?? now) - from)}`);
  return (
    <span className={styles.bars}>
      <span className="visually-hidden">{words.join(", ")}</span>
      {segments.map(({ kind, from, to }, index) => {
        const [left, right] = [scale.place(from), scale.place(to ?? now)];
        const isLast = index === segments.length - 1;
        return (
          <i
            // biome-ignore lint/suspicious/noArrayIndexKey: stretches are only added, and two may begin at once
            key={index}
            className={`${styles.segment} ${styles[kind]}`}
            data-going={to === null}
            data-bad={isBad && isLast}
            style={{ left: `${left * 100}%`, width: `${(right - left) * 100}%` }}
          />
        );
      })}
    </span>
  );
}
