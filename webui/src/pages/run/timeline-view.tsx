import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { Link } from "wouter";
import type { RunLogSnapshot } from "../../run-log/run-log.ts";
import { useNow } from "../../ui/use-now.ts";
import { useRows } from "../../ui/use-rows.ts";
import { toCount, toDuration, toLatency } from "../../ui/words.ts";
import { type ListKey, toListKey } from "./list-keys.ts";
import { type RunAddress, toRunAddress } from "./run-address.ts";
import { type TimeScale, toScale } from "./time-scale.ts";
import { EMPTY_TIMELINE, growTimeline, type Timeline } from "./timeline.ts";
import { TimelineRow } from "./timeline-row.tsx";
import { type Row, rowOf, toRows } from "./timeline-rows.ts";
import styles from "./timeline-view.module.css";

interface TimelineViewProps {
  runId: string;
  log: RunLogSnapshot;
  address: RunAddress;
  isGoing: boolean;
  onOpen(step: number): void;
  onClose(): void;
}

const HEIGHTS = { wide: 28, narrow: 48 };

/** Where the time of a run went: its steps as bars, and what each waited for. */
export function TimelineView({ runId, log, address, isGoing, onOpen, onClose }: TimelineViewProps): ReactNode {
  const timeline = useTimeline(log);
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const { all } = address;
  const rows = useMemo(
    () => toRows(log.view.steps, timeline, { opened, all }),
    [log.view.steps, timeline, opened, all],
  );
  const now = useNow(isGoing);
  const scale = useMemo(() => toScale(timeline, now, isGoing), [timeline, now, isGoing]);
  const fold = (row: Row | undefined, isOpen: boolean): void => {
    if (row?.kind !== "step" || row.folds === 0) return;
    setOpened((before) => (isOpen ? before.union(new Set([row.key])) : before.difference(new Set([row.key]))));
  };
  const folded = rows.reduce((sum, row) => sum + (row.kind === "step" && !row.isOpen ? row.folds : 0), 0);
  return (
    <div className={styles.view}>
      <div className={styles.bar}>
        <span>{countWords(log.view.steps.length, folded)}</span>
        {folded === 0 && !all ? null : (
          <Link href={toRunAddress(runId, address, { all: !all })}>{all ? "Fold small steps" : "Show all steps"}</Link>
        )}
        <Legend />
      </div>
      <Waterfall
        {...{ rows, scale, now, isGoing, onOpen, onClose }}
        chosen={address.step === undefined ? undefined : rowOf(rows, address.step)}
        isFollowed={log.state.phase === "LIVE" || log.state.phase === "QUIET"}
        onFold={fold}
      />
    </div>
  );
}

function countWords(steps: number, folded: number): string {
  const words = `${toCount(steps)} ${steps === 1 ? "step" : "steps"}`;
  return folded === 0 ? words : `${words}, ${toCount(folded)} small ones folded`;
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

interface WaterfallProps {
  rows: readonly Row[];
  scale: TimeScale;
  now: number;
  isGoing: boolean;
  /** Position of the line whose step the inspector shows. */
  chosen: number | undefined;
  isFollowed: boolean;
  onOpen(step: number): void;
  onClose(): void;
  onFold(row: Row | undefined, isOpen: boolean): void;
}

function Waterfall(props: WaterfallProps): ReactNode {
  const { rows, scale, now, chosen, isFollowed, onOpen, onFold } = props;
  const followsEnd = isFollowed && chosen === undefined;
  const { box, shown, rowHeight, isNarrow, reveal } = useRows({ count: rows.length, heights: HEIGHTS, followsEnd });
  const [active, setActive] = useState<string>();
  const known = rows.findIndex(({ key }) => key === active);
  const at = known === -1 ? (chosen ?? 0) : known;
  const hasRows = rows.length > 0;
  useEffect(() => {
    if (hasRows && chosen !== undefined) reveal(chosen);
  }, [hasRows, chosen, reveal]);
  const goTo = (to: number): void => {
    const next = Math.max(0, Math.min(rows.length - 1, to));
    setActive(rows[next]?.key);
    reveal(next);
  };
  const hear = (event: KeyboardEvent): void => {
    const key = toListKey(event);
    if (key === undefined) return;
    event.preventDefault();
    obey(key, { ...props, at, goTo, page: Math.max(1, Math.floor((box.current?.clientHeight ?? 0) / rowHeight) - 1) });
  };
  return (
    <div className={styles.frame} data-narrow={isNarrow}>
      <Axis scale={scale} />
      <div
        ref={box}
        className={styles.scroller}
        role="tree"
        aria-label="Steps of the run"
        tabIndex={0}
        aria-activedescendant={rows[at] === undefined ? undefined : `row-${at}`}
        onKeyDown={hear}
      >
        <div role="presentation" className={styles.length} style={{ height: rows.length * rowHeight }}>
          {rows.slice(shown.from, shown.to).map((row, offset) => (
            <TimelineRow
              key={row.key}
              {...{ row, scale, rowHeight, onFold }}
              now={props.isGoing ? now : scale.to}
              at={shown.from + offset}
              count={rows.length}
              isActive={shown.from + offset === at}
              isChosen={shown.from + offset === chosen}
              onPress={() => {
                setActive(row.key);
                if (row.kind === "step") onOpen(row.step.number);
              }}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

function obey(key: ListKey, { rows, at, page, goTo, onOpen, onClose, onFold }: Heard): void {
  const row = rows[at];
  if (key === "close") onClose();
  else if (key === "open") row?.kind === "step" && onOpen(row.step.number);
  else if (key === "unfold" || key === "fold") onFold(row, key === "unfold");
  else goTo({ down: at + 1, up: at - 1, pageDown: at + page, pageUp: at - page, first: 0, last: rows.length }[key]);
}

interface Heard extends WaterfallProps {
  at: number;
  /** Lines that a page has. */
  page: number;
  goTo(to: number): void;
}

function Axis({ scale: { from, to, breaks } }: { scale: TimeScale }): ReactNode {
  const [longest] = [...breaks].sort((a, b) => b.to - b.from - (a.to - a.from));
  return (
    <div className={styles.axis}>
      <span className={styles.columns}>Step</span>
      <span className={styles.number}>Self</span>
      <span className={styles.number}>Total</span>
      <span className={styles.scale}>
        <span>0</span>
        {longest === undefined ? null : (
          <span>‖ {toDuration(longest.to - longest.from)} without work, drawn short</span>
        )}
        <span>{toLatency(to - from)}</span>
      </span>
    </div>
  );
}
