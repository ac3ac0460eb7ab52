import type { ReactNode } from "react";
import { Link } from "wouter";
import type { LogEvent } from "../../run-log/view.ts";
import type { StepPlaces } from "./checkpoints.ts";
import type { GoOn } from "./go-on.ts";
import styles from "./inspector.module.css";
import { statePath } from "./run-address.ts";

interface GoOnFromProps {
  runId: string;
  places: StepPlaces;
  onGoOn(from: GoOn): void;
}

/** What the agent had kept around a step, and where a fork may begin. */
export function GoOnFrom({ runId, places: { before, after }, onGoOn }: GoOnFromProps): ReactNode {
  if (before === undefined && after === undefined) return null;
  return (
    <section className={styles.section} aria-label="State and forks">
      <h3>State and forks</h3>
      <Place name="before" event={before} {...{ runId, onGoOn }} />
      <Place name="after" event={after} {...{ runId, onGoOn }} />
    </section>
  );
}

interface PlaceProps extends Pick<GoOnFromProps, "runId" | "onGoOn"> {
  name: keyof StepPlaces;
  event: LogEvent | undefined;
}

/** What another run wrote, before this one was forked from it, is forked there: its state leads to it. */
function Place({ name, event, runId, onGoOn }: PlaceProps): ReactNode {
  if (event === undefined) return null;
  const { seq } = event;
  return (
    <div className={styles.copy}>
      {event.runId !== runId ? null : (
        <button type="button" onClick={() => onGoOn({ how: "fork", seq })}>
          Fork {name} this step…
        </button>
      )}
      <Link href={statePath(runId, seq)}>State {name} it</Link>
    </div>
  );
}
