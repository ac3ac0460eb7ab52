import type { ReactNode } from "react";
import { Link } from "wouter";
import type { GoOn } from "./go-on.ts";
import styles from "./inspector.module.css";
import { statePath } from "./run-address.ts";

interface GoOnFromProps {
  runId: string;
  /** The checkpoint before the step, and its end where that is one. */
  places: { before?: number; end?: number };
  onGoOn(from: GoOn): void;
}

/** What the agent had kept around a step, and where a fork may begin. */
export function GoOnFrom({ runId, places: { before, end }, onGoOn }: GoOnFromProps): ReactNode {
  if (before === undefined && end === undefined) return null;
  return (
    <section className={styles.section} aria-label="State and forks">
      <h3>State and forks</h3>
      <Place name="before" {...{ runId, seq: before, onGoOn }} />
      <Place name="after" {...{ runId, seq: end, onGoOn }} />
    </section>
  );
}

interface PlaceProps extends Pick<GoOnFromProps, "runId" | "onGoOn"> {
  name: "before" | "after";
  seq: number | undefined;
}

function Place({ name, runId, seq, onGoOn }: PlaceProps): ReactNode {
  if (seq === undefined) return null;
  return (
    <div className={styles.copy}>
      <button type="button" onClick={() => onGoOn({ how: "fork", seq })}>
        Fork {name} this step…
      </button>
      <Link href={statePath(runId, seq)}>State {name} it</Link>
    </div>
  );
}
