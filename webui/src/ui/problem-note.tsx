import { showHidden } from "@soma/schemas/hidden-characters";
import type { ReactNode } from "react";
import { LeavingButton } from "./leaving-button.tsx";
import styles from "./problem-note.module.css";
import { toSentence } from "./words.ts";

/** An error as a person may read it. */
export interface Problem {
  message: string;
  code: string | null;
  traceId: string | null;
  retryable: boolean;
}

/** What failed, why, and what may be done, in the place where the thing would have been. */
export function ProblemNote({
  what,
  problem,
  onRetry,
}: {
  what: string;
  problem: Problem;
  onRetry?: () => void;
}): ReactNode {
  return (
    <div className={styles.problem} role="alert">
      <p>
        <strong>{what}</strong> {showHidden(toSentence(problem.message))}
      </p>
      <p className={styles.facts}>
        {problem.code === null ? null : <code>{problem.code}</code>}
        {problem.traceId === null ? null : <code>trace {problem.traceId}</code>}
        {onRetry !== undefined && problem.retryable ? <LeavingButton onClick={onRetry}>Try again</LeavingButton> : null}
      </p>
    </div>
  );
}
