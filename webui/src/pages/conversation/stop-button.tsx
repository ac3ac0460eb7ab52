import { CancelRunDocument } from "@soma/graphql/operations";
import { type ReactNode, type RefObject, useState } from "react";
import { toProblem } from "../../graphql/to-problem.ts";
import { useMutation } from "../../graphql/use-mutation.ts";
import { useRunLog } from "../../run-log/use-run-log.ts";
import { LeavingButton } from "../../ui/leaving-button.tsx";
import type { Problem } from "../../ui/problem-note.tsx";
import styles from "./composer.module.css";

/**
 * A command to the server, so it works after a reload and from another tab too. `next` takes the focus when the button
 * cannot keep it: once it was pressed, and when the run ends while it has it.
 */
export function StopButton({ runId, next }: { runId: string; next: RefObject<HTMLElement | null> }): ReactNode {
  const cancelRun = useMutation(CancelRunDocument);
  const [asked, setAsked] = useState<string>();
  const [problem, setProblem] = useState<Problem>();
  const requested = useRunLog(runId)?.view.cancelRequested === true;
  const stopping = requested || asked === runId;
  const stop = async (): Promise<void> => {
    setAsked(runId);
    next.current?.focus();
    const { error } = await cancelRun({
      input: { runId, reason: "Stopped in the web page", idempotencyKey: `stop:${runId}` },
    });
    setProblem(toProblem(error));
    if (error !== undefined) setAsked(undefined);
  };
  return (
    <>
      {problem === undefined ? null : <span role="alert">Not stopped: {problem.message}</span>}
      <LeavingButton
        className={styles.stop}
        next={next}
        aria-disabled={stopping}
        onClick={() => void (stopping || stop())}
      >
        {stopping ? "Stopping…" : "Stop"}
      </LeavingButton>
    </>
  );
}
