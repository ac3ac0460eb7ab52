import type { ReactNode } from "react";
import { type StatusIcon, StatusShape } from "./icons.tsx";
import styles from "./status.module.css";

interface Look {
  family: "neutral" | "running" | "attention" | "succeeded" | "failed" | "denied";
  icon: StatusIcon;
  word: string;
}

/**
 * How a status of a run, a step, a text or a card looks and what it is called, wherever it is shown: colour is never
 * the only sign. A status that is missing here does not compile where it is drawn.
 */
export const STATUS = {
  QUEUED: { family: "neutral", icon: "circle", word: "Queued" },
  RUNNING: { family: "running", icon: "half", word: "Running" },
  WAITING: { family: "neutral", icon: "clock", word: "Waiting" },
  WAITING_APPROVAL: { family: "attention", icon: "diamond", word: "Needs approval" },
  PAUSED: { family: "neutral", icon: "pause", word: "Paused" },
  SUCCEEDED: { family: "succeeded", icon: "check", word: "Succeeded" },
  FAILED: { family: "failed", icon: "cross", word: "Failed" },
  TIMED_OUT: { family: "failed", icon: "cross-clock", word: "Timed out" },
  DENIED: { family: "denied", icon: "shield", word: "Denied by policy" },
  CANCELED: { family: "neutral", icon: "minus", word: "Canceled" },
  INTERRUPTED: { family: "attention", icon: "broken", word: "Interrupted" },
} as const satisfies Record<string, Look>;

type Status = keyof typeof STATUS;

export function StatusBadge({ status }: { status: Status }): ReactNode {
  const { family, icon, word } = STATUS[status];
  return (
    <span className={`${styles.badge} ${styles[family]}`} data-status={status}>
      <StatusShape icon={icon} />
      {word}
    </span>
  );
}

/** The status without a box, for places where a badge a line would be loud. */
export function StatusWord({ status }: { status: Status }): ReactNode {
  const { family, icon, word } = STATUS[status];
  return (
    <span className={`${styles.plain} ${styles[family]}`} data-status={status}>
      <StatusShape icon={icon} />
      {word}
    </span>
  );
}
