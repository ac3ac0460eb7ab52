import type { RunStatus, RunSummaryFragment } from "@soma/graphql/operations";
import { showHidden } from "@soma/schemas/hidden-characters";
import { type ReactNode, useState } from "react";
import { titleOf } from "../run-log/question-of.ts";
import { Dialog } from "../ui/dialog.tsx";
import { ProblemNote } from "../ui/problem-note.tsx";
import { ScrollPart } from "../ui/scroll-part.tsx";
import { StatusWord } from "../ui/status.tsx";
import styles from "./cancel-dialog.module.css";
import { type CancelPlan, oneWords, planCancel, planWords, type StartedRun } from "./plan-cancel.ts";
import { useCancel } from "./use-cancel.ts";

interface CancelDialogProps {
  runs: readonly RunSummaryFragment[];
  /** Of one run, those that it has started. */
  started?: readonly StartedRun[];
  onClose(): void;
  /** All that could be asked to stop were. */
  onDone(): void;
}

/** Says first what canceling would do to each run; nothing is sent before that is confirmed. */
export function CancelDialog({ runs, started, onClose, onDone }: CancelDialogProps): ReactNode {
  // What was read is what is done: runs that end meanwhile are left as they are by the server.
  const [plan] = useState(() => planCancel(runs, started));
  const { asked, busy, problem, cancel } = useCancel();
  const isOne = started !== undefined;
  const name = isOne ? "Cancel the run" : "Cancel runs";
  const count = plan.stops.length;
  const able = count > 0 && !busy;
  // Whoever leaves while it is under way would not hear what became of it.
  const leave = (): void => {
    if (!busy) onClose();
  };
  return (
    <Dialog label={name} onClose={leave}>
      <h2>{name}</h2>
      <p>{isOne ? oneWords(plan) : planWords(plan)}</p>
      <PlanList plan={plan} />
      <p className={styles.hint}>
        A run stops at its next write or look, within a second where its worker is alive, and starts nothing after that.
        What it has started is canceled too.
      </p>
      {problem === undefined ? null : (
        <ProblemNote
          what={isOne ? "It was not asked to stop." : `${asked} of ${count} were asked to stop.`}
          problem={problem}
        />
      )}
      <p className={styles.buttons}>
        <button
          type="button"
          aria-disabled={!able}
          onClick={async () => {
            if (able && (await cancel(plan.stops))) onDone();
          }}
        >
          {busy ? actingWords(isOne, asked, count) : actWords(isOne, count)}
        </button>
        <button type="button" aria-disabled={busy} onClick={leave}>
          {isOne ? "Keep it" : "Keep all"}
        </button>
      </p>
    </Dialog>
  );
}

function actWords(isOne: boolean, count: number): string {
  if (isOne) return "Cancel it";
  return `Cancel ${count} ${count === 1 ? "run" : "runs"}`;
}

function actingWords(isOne: boolean, asked: number, count: number): string {
  return isOne ? "Canceling…" : `Canceling ${asked} of ${count}…`;
}

function PlanList({ plan: { stops, finished, started } }: { plan: CancelPlan }): ReactNode {
  return (
    <ScrollPart className={styles.plan} label="What would happen to each">
      <ul>
        {stops.map((run) => (
          <Line key={run.id} plan="cancel" title={titleOf(run)} status={run.status} />
        ))}
        {started.map(({ id, graph, status }) => (
          <Line key={id} plan="cancel" title={`${showHidden(graph)} ${id.slice(-8)}`} status={status} />
        ))}
        {finished.map((run) => (
          <Line key={run.id} plan="keep" title={titleOf(run)} status={run.status} />
        ))}
      </ul>
    </ScrollPart>
  );
}

function Line({ plan, title, status }: { plan: "cancel" | "keep"; title: string; status: RunStatus }): ReactNode {
  return (
    <li data-plan={plan}>
      <span className={styles.act}>{plan === "cancel" ? "Cancel" : "Keep"}</span>
      <span className={styles.title}>{title}</span>
      <StatusWord status={status} quiet />
    </li>
  );
}
