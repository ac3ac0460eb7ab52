import { isFinished } from "@soma/graphql/run-status";
import { type MouseEvent, type ReactNode, useState } from "react";
import { useRunLog, useStatus } from "../../run-log/use-run-log.ts";
import { CancelDialog } from "../../run-parts/cancel-dialog.tsx";
import { LeavingButton } from "../../ui/leaving-button.tsx";
import { ProblemNote } from "../../ui/problem-note.tsx";
import type { Run } from "./answers.ts";
import { ownStart } from "./checkpoints.ts";
import type { GoOn } from "./go-on.ts";
import styles from "./run-actions.module.css";
import { useExport } from "./use-export.ts";
import { usePause } from "./use-pause.ts";

interface RunActionsProps {
  run: Run;
  onGoOn(from: GoOn): void;
}

/** What may be done with a run: those acts are there that its status leaves. */
export function RunActions({ run, onGoOn }: RunActionsProps): ReactNode {
  const goesOn = !isFinished(useStatus(run.id, run.status));
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for what is sent together
    <div className={styles.acts} role="group" aria-label="Acts on the run">
      {goesOn ? <PauseAct run={run} /> : null}
      {goesOn ? <CancelAct run={run} /> : null}
      <ForkAct run={run} onGoOn={onGoOn} />
      <ExportAct run={run} />
    </div>
  );
}

function PauseAct({ run }: { run: Run }): ReactNode {
  const { isToRest, words, busy, problem, ask } = usePause(run);
  return (
    <>
      <LeavingButton aria-disabled={busy} onClick={once(() => void (busy || ask(!isToRest)))}>
        {isToRest ? "Resume" : "Pause"}
      </LeavingButton>
      <output className={styles.words} aria-label="Pausing">
        {words}
      </output>
      {problem === undefined ? null : (
        <ProblemNote what={isToRest ? "The run was not resumed." : "The run was not paused."} problem={problem} />
      )}
    </>
  );
}

/** It leaves with the end of the run, so what was asked is true until then. */
function CancelAct({ run }: { run: Run }): ReactNode {
  const [asking, setAsking] = useState(false);
  const [asked, setAsked] = useState(false);
  const canceling = useRunLog(run.id)?.view.cancelRequested === true || asked;
  const close = (): void => setAsking(false);
  const done = (): void => {
    setAsked(true);
    close();
  };
  return (
    <>
      <LeavingButton aria-disabled={canceling} onClick={() => setAsking(!canceling)}>
        {canceling ? "Canceling…" : "Cancel…"}
      </LeavingButton>
      {asking ? <CancelDialog runs={[run]} started={run.children} onClose={close} onDone={done} /> : null}
    </>
  );
}

function ForkAct({ run, onGoOn }: RunActionsProps): ReactNode {
  const start = ownStart(useRunLog(run.id)?.events ?? [], run.id);
  return (
    <button
      type="button"
      aria-keyshortcuts="f"
      aria-disabled={start === undefined}
      onClick={() => start !== undefined && onGoOn({ how: "fork", seq: start })}
    >
      Fork…
    </button>
  );
}

function ExportAct({ run }: { run: Run }): ReactNode {
  const { busy, words, problem, save } = useExport(run.id);
  return (
    <>
      <button
        type="button"
        aria-disabled={busy}
        title="Its history as JSON Lines, verified"
        onClick={once(() => void (busy || save()))}
      >
        {busy ? "Exporting…" : "Export"}
      </button>
      <output className={styles.words} aria-label="Exporting">
        {words}
      </output>
      {problem === undefined ? null : <ProblemNote what="It was not exported." problem={problem} />}
    </>
  );
}

/** The second press of a double click asks for nothing: by then the button may say the opposite. */
function once(act: () => void): (pressed: MouseEvent) => void {
  return ({ detail }) => {
    if (detail <= 1) act();
  };
}
