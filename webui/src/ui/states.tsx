import type { ReactNode } from "react";
import { LeavingButton } from "./leaving-button.tsx";
import styles from "./states.module.css";
import { toClock } from "./words.ts";

/** Where something will be; it is seen only when that takes longer than a blink. */
export function Loading({ what }: { what: string }): ReactNode {
  return <p className={styles.loading}>Loading {what}…</p>;
}

/** Nothing is here: what would be, and the next thing to do. */
export function Empty({ lead, children }: { lead: string; children: ReactNode }): ReactNode {
  return (
    <div className={styles.empty}>
      <p className={styles.lead}>{lead}</p>
      {children}
    </div>
  );
}

const OLD = {
  OFFLINE: "The browser has no network.",
  RECONNECTING: "The server does not answer; it is asked again and again.",
  STALE: "Nothing new was heard.",
} as const;

export interface Old {
  why: keyof typeof OLD;
  /** When what is shown was told by the server. */
  asOf: number;
}

interface OldNoteProps extends Old {
  onRetry(): void;
}

/** What is shown stays, and this says above it that it is not new. */
export function OldNote({ why, asOf, onRetry }: OldNoteProps): ReactNode {
  return (
    <p className={styles.old} data-old={why}>
      <span>
        <strong>As of {toClock(asOf)}.</strong> {OLD[why]}
      </span>
      <LeavingButton onClick={onRetry}>Try now</LeavingButton>
    </p>
  );
}
