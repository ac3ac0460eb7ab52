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

/** Tool calls of a run that did not end well, and answers of its model that were cut. */
interface BadCalls {
  failed: number;
  denied: number;
  cut: number;
}

interface StatusProps {
  status: Status;
  /** Of a run: green means that all of it went well. */
  badCalls?: BadCalls;
  /** Among many, what went well has no colour, so that what did not is seen. */
  quiet?: boolean;
}

export function StatusBadge(props: StatusProps): ReactNode {
  return <StatusSign {...props} shape={`${styles.badge}`} />;
}

/** The status without a box, for places where a badge a line would be loud. */
export function StatusWord(props: StatusProps): ReactNode {
  return <StatusSign {...props} shape={`${styles.plain}`} />;
}

function StatusSign({ status, badCalls, quiet = false, shape }: StatusProps & { shape: string }): ReactNode {
  const said = badCallWords(badCalls);
  const { family, icon, word }: Look = status === "SUCCEEDED" && said !== "" ? SUCCEEDED_WITH : STATUS[status];
  const colour = quiet && family === "succeeded" ? `${styles.neutral} ${styles.quiet}` : styles[family];
  return (
    <span className={`${shape} ${colour}`} data-status={status} data-bad-calls={said === "" ? undefined : said}>
      <StatusShape icon={icon} />
      {said === "" ? word : `${word}, ${said}`}
    </span>
  );
}

const SUCCEEDED_WITH: Look = { family: "attention", icon: "diamond", word: "Succeeded" };

/** "1 answer cut, 2 calls failed, 1 denied"; empty when all went well. */
export function badCallWords({ failed, denied, cut }: BadCalls = { failed: 0, denied: 0, cut: 0 }): string {
  const count = (of: number, what: string): string => `${of} ${what}${of === 1 ? "" : "s"}`;
  const said = [
    cut === 0 ? "" : `${count(cut, "answer")} cut`,
    failed === 0 ? "" : `${count(failed, "call")} failed`,
    denied === 0 ? "" : failed === 0 ? `${count(denied, "call")} denied` : `${denied} denied`,
  ];
  return said.filter((words) => words !== "").join(", ");
}
