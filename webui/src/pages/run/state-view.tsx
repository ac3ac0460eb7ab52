import { showHidden } from "@soma/schemas/hidden-characters";
import { type ReactNode, useMemo } from "react";
import type { RunLogSnapshot } from "../../run-log/run-log.ts";
import type { LogEvent } from "../../run-log/view.ts";
import { usePageKeys } from "../../ui/page-keys.ts";
import { Empty } from "../../ui/states.tsx";
import { toClock, toCount } from "../../ui/words.ts";
import type { Run } from "./answers.ts";
import { around, checkpointsOf, placeWords } from "./checkpoints.ts";
import type { GoOn } from "./go-on.ts";
import { RowList } from "./row-list.tsx";
import type { RunAddress } from "./run-address.ts";
import { StatePart } from "./state-part.tsx";
import styles from "./state-view.module.css";
import { useCalm } from "./use-calm.ts";

interface StateViewProps {
  run: Run;
  log: RunLogSnapshot;
  address: RunAddress;
  onChange(changes: Partial<RunAddress>): void;
  onGoOn(from: GoOn): void;
}

const HEIGHTS = { wide: 28, narrow: 28 };
const drawCheckpoint = (event: LogEvent): ReactNode => <CheckpointLine event={event} />;
/** Of a run that goes on, the newest state is asked for at most this often. */
const CALM_MS = 1_000;

/** What the agent of a run had kept after each of its steps, and where else the run may go on from. */
export function StateView({ run, log, address, onChange, onGoOn }: StateViewProps): ReactNode {
  const checkpoints = useMemo(() => checkpointsOf(log.events), [log.events]);
  const newest = useCalm(checkpoints.at(-1)?.seq, CALM_MS);
  const seq = address.seq ?? newest;
  useCheckpointKeys(checkpoints, seq, onChange);
  if (seq === undefined)
    return (
      <div className={styles.nothing}>
        <Empty lead="No state yet.">The first one is there when a worker takes the run.</Empty>
      </div>
    );
  return (
    <>
      <div className={styles.checkpoints}>
        <p className={styles.bar}>
          {toCount(checkpoints.length)} {checkpoints.length === 1 ? "checkpoint" : "checkpoints"}
        </p>
        <RowList
          label="Checkpoints"
          items={checkpoints}
          keyOf={(event) => String(event.seq)}
          heights={HEIGHTS}
          chosen={placeOf(checkpoints, seq)}
          isFollowed={false}
          attributes={(event) => ({ "data-seq": event.seq })}
          draw={drawCheckpoint}
          onOpen={(event) => onChange({ seq: event.seq })}
          onClose={() => address.seq !== undefined && onChange({ seq: undefined, from: undefined })}
        />
      </div>
      <StatePart
        key={`${seq} ${address.from}`}
        // Numbers are without gaps, from 1.
        event={log.events[seq - 1]}
        around={around(checkpoints, seq)}
        {...{ run, seq, address, onChange, onGoOn }}
      />
    </>
  );
}

function placeOf(checkpoints: readonly LogEvent[], seq: number): number | undefined {
  const at = checkpoints.findIndex((event) => event.seq === seq);
  return at === -1 ? undefined : at;
}

function CheckpointLine({ event }: { event: LogEvent }): ReactNode {
  return (
    <div className={styles.checkpoint}>
      <span className={styles.number}>{toCount(event.seq)}</span>
      <span className={styles.place}>{showHidden(placeWords(event))}</span>
      <span className={styles.at}>{toClock(event.at)}</span>
    </div>
  );
}

function useCheckpointKeys(
  checkpoints: readonly LogEvent[],
  seq: number | undefined,
  onChange: StateViewProps["onChange"],
): void {
  const go = (to: "before" | "after"): void => {
    const next = seq === undefined ? undefined : around(checkpoints, seq)[to];
    if (next !== undefined) onChange({ seq: next });
  };
  usePageKeys([
    { keys: "[", what: "State a checkpoint earlier", does: () => go("before") },
    { keys: "]", what: "State a checkpoint later", does: () => go("after") },
  ]);
}
