import { EVENT_KIND, type EventKind } from "@soma/schemas/run-history";
import type { LedgerEntry } from "./ledger.ts";
import type { Told } from "./striking-proxy.ts";

/** A place in what a worker does, told by the statement or the call that it makes there. */
export interface Point {
  name: string;
  /** Whether a statement is it. */
  isStatement?(statement: Told): boolean;
  /** Whether a call of something outside is it. */
  isCall?(entry: LedgerEntry): boolean;
  /** What is asked of the run when it makes its first payment, so that it comes to the point. */
  asks?: "cancel" | "pause";
}

/** Which parameters of commit_batch hold the kinds of the rows, and their nodes. */
const KINDS = 6;
const NODES = 8;

/** The items of an array as the server is given it. */
const itemsOf = (text: string | null | undefined): string[] =>
  (text ?? "")
    .slice(1, -1)
    .split(",")
    .map((item) => item.replaceAll('"', ""));

const commits = (kind: EventKind, { node, ...more }: Partial<Point> & { node?: string } = {}): Point => ({
  name: `commit of ${kind}${node === undefined ? "" : ` of ${node}`}`,
  isStatement: ({ text, values }) =>
    text.includes("from commit_batch(") &&
    itemsOf(values[KINDS]).includes(`${EVENT_KIND[kind]}`) &&
    (node === undefined || itemsOf(values[NODES]).includes(node)),
  ...more,
});
const asks = (name: string, part: string): Point => ({ name, isStatement: ({ text }) => text.includes(part) });
const calls = (kind: LedgerEntry["class"]): Point => ({
  name: `effect of class ${kind}`,
  isCall: (entry) => entry.class === kind,
});

const isCommitOfStep = ({ text, before }: Told): boolean =>
  text === "commit" && before.some((earlier) => earlier.includes("from project_sql("));

export const POINTS: readonly Point[] = [
  asks("claim", "from claim_runs("),
  asks("history read", "from lineage("),
  commits("STEP_STARTED"),
  commits("STEP_STARTED", { node: "once" }),
  commits("STEP_SUCCEEDED"),
  commits("STEP_SUCCEEDED", { node: "branches" }),
  commits("STEP_RETRIED"),
  commits("STEP_PARKED"),
  commits("STEP_WOKEN"),
  commits("RUN_SUCCEEDED"),
  commits("RUN_PAUSED", { asks: "pause" }),
  commits("RUN_CANCELED", { asks: "cancel" }),
  calls("pure"),
  calls("idempotent"),
  calls("at_most_once"),
  asks("statement of a step in the database", "from project_sql("),
  { name: "commit of a step in the database", isStatement: isCommitOfStep },
  asks("look for a signal", "select r.signals as seen"),
  asks("child started", "insert into run "),
  asks("heartbeat", "update worker set heard_at"),
];
