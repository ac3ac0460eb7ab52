import type { RunSummaryFragment } from "@soma/graphql/operations";
import { type ReactNode, useState } from "react";
import { titleOf } from "../../run-log/question-of.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { ProblemNote } from "../../ui/problem-note.tsx";
import { StatusWord } from "../../ui/status.tsx";
import styles from "./cancel-dialog.module.css";
import { planCancel, planWords } from "./plan-cancel.ts";
import { useCancel } from "./use-cancel.ts";

interface CancelDialogProps {
  runs: readonly RunSummaryFragment[];
  onClose(): void;
  /** All that could be asked to stop were. */
  onDone(): void;
}

/** Says first what canceling would do to each run; nothing is sent before that is confirmed. */
export function CancelDialog({ runs, onClose, onDone }: CancelDialogProps): ReactNode {
  // What was read is what is done: runs that end meanwhile are left as they are by the server.
  const [plan] = useState(() => planCancel(runs));
  const { asked, busy, problem, cancel } = useCancel();
  const count = plan.stops.length;
  // Whoever leaves while it is under way would not hear what became of it.
  const leave = (): void => {
    if (!busy) onClose();
  };
  return (
    <Dialog label="Cancel runs" onClose={leave}>
      <h2>Cancel runs</h2>
      <p>{planWords(plan)}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reachable by keyboard */}
      <section className={styles.plan} aria-label="What would happen to each" tabIndex={0}>
        <ul>
          {[...plan.stops, ...plan.finished].map((run, index) => (
            <li key={run.id} data-plan={index < count ? "cancel" : "keep"}>
              <span className={styles.act}>{index < count ? "Cancel" : "Keep"}</span>
              <span className={styles.title}>{titleOf(run)}</span>
              <StatusWord status={run.status} quiet />
            </li>
          ))}
        </ul>
      </section>
      <p className={styles.hint}>
        A run stops at its next write or look, within a second where its worker is alive, and starts nothing after that.
        What it has started is canceled too.
      </p>
      {problem === undefined ? null : (
        <ProblemNote what={`${asked} of ${count} were asked to stop.`} problem={problem} />
      )}
      <p className={styles.buttons}>
        <button
          type="button"
          disabled={count === 0 || busy}
          onClick={async () => {
            if (await cancel(plan.stops)) onDone();
          }}
        >
          {busy ? `Canceling ${asked} of ${count}…` : `Cancel ${count} ${count === 1 ? "run" : "runs"}`}
        </button>
        <button type="button" disabled={busy} onClick={leave}>
          Keep all
        </button>
      </p>
    </Dialog>
  );
}
