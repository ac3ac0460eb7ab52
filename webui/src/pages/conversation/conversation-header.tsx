import type { RunSummaryFragment } from "@soma/graphql/operations";
import type { ReactNode } from "react";
import { useOutcome } from "../../run-log/use-run-log.ts";
import { LiveIndicator } from "../../run-parts/live-indicator.tsx";
import { StatusBadge } from "../../ui/status.tsx";
import styles from "./conversation-page.module.css";

interface ConversationHeaderProps {
  title: string;
  run: RunSummaryFragment | undefined;
  /** What can be done with the conversation as a whole. */
  children?: ReactNode;
}

export function ConversationHeader({ title, run, children }: ConversationHeaderProps): ReactNode {
  return (
    <div className={styles.header}>
      <h1 tabIndex={-1}>{title}</h1>
      {children}
      {run === undefined ? null : <RunLine run={run} />}
    </div>
  );
}

function RunLine({ run }: { run: RunSummaryFragment }): ReactNode {
  const outcome = useOutcome(run);
  return (
    <div className={styles.runLine}>
      <StatusBadge {...outcome} />
      <LiveIndicator runId={run.id} />
    </div>
  );
}
