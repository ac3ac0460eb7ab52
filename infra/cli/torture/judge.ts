import { CLASSES } from "./classes.ts";
import type { PlannedRun } from "./plan.ts";

/** What a run came to, as the product told it afterwards. */
export interface Ended {
  status: string;
  answer: string | null;
  error: string | null;
  recoveries: number;
  /** What is wrong with its history. */
  faults: readonly string[];
  /** Whether a person was asked what had become of its effect. */
  wasAsked: boolean;
  /** Whether it found out by itself what had become of its effect. */
  wasFound: boolean;
}

/** What the tools wrote down about an order, in a place of their own. */
export interface Booked {
  payments: number;
  calls: number;
}

export interface Evidence {
  /** Runs that the product said it had started, by order. */
  acknowledged: ReadonlyMap<string, string>;
  /** By run; what is missing is not there any more. */
  ended: ReadonlyMap<string, Ended>;
  ledger: ReadonlyMap<string, Booked>;
}

export type Invariant = "LOST" | "REPEATED" | "BROKEN";

/** Something that must not be. */
export interface Finding {
  invariant: Invariant;
  order: string;
  runId: string | null;
  words: string;
}

export interface Row {
  effect: string;
  runs: number;
  lost: number;
  repeated: number;
  unknown: number;
  reconciled: number;
  recovered: number;
  calls: number;
}

export interface Verdict {
  rows: Row[];
  findings: Finding[];
}

/** Compares what was asked for, what was told, what the histories say and what was done. */
export function judge(runs: readonly PlannedRun[], evidence: Evidence): Verdict {
  const findings = runs.flatMap((run) => findingsOf(run, evidence));
  return { findings, rows: CLASSES.map(({ name }) => rowOf(name, { runs, evidence, findings })) };
}

function findingsOf(run: PlannedRun, { acknowledged, ended, ledger }: Evidence): Finding[] {
  const { order, effect } = run;
  const runId = acknowledged.get(order) ?? null;
  const found: Finding[] = [];
  const tell = (invariant: Invariant, words: string): void => void found.push({ invariant, order, runId, words });
  const payments = ledger.get(order)?.payments ?? 0;
  const most = effect.pays ? 1 : 0;
  if (payments > most) tell("REPEATED", `${order} was paid for ${payments} times`);
  // Nobody was told of a run, so that none can be missing.
  if (runId === null) return found;
  const end = ended.get(runId);
  if (end === undefined) tell("LOST", `the run of ${order} is not there, or does not end`);
  else if (end.status !== "SUCCEEDED")
    tell("LOST", `the run of ${order} ended ${end.status}: ${end.error ?? "no reason"}`);
  else if (payments < most) tell("LOST", `the run of ${order} says "${end.answer}", and nothing was paid`);
  for (const fault of end?.faults ?? []) tell("BROKEN", `the history of ${order}: ${fault}`);
  return found;
}

function rowOf(
  name: string,
  { runs, evidence, findings }: { runs: readonly PlannedRun[]; evidence: Evidence; findings: readonly Finding[] },
): Row {
  const orders = new Set(runs.filter(({ effect }) => effect.name === name).map(({ order }) => order));
  const told = [...evidence.acknowledged].filter(([order]) => orders.has(order));
  const ends = told.flatMap(([, runId]) => evidence.ended.get(runId) ?? []);
  const ordersOf = (wanted: Invariant): number =>
    new Set(
      findings.filter(({ invariant, order }) => invariant === wanted && orders.has(order)).map(({ order }) => order),
    ).size;
  return {
    effect: name,
    runs: told.length,
    lost: ordersOf("LOST"),
    repeated: ordersOf("REPEATED"),
    unknown: ends.filter(({ wasAsked }) => wasAsked).length,
    reconciled: ends.filter(({ wasFound }) => wasFound).length,
    recovered: ends.filter(({ recoveries }) => recoveries > 0).length,
    calls: [...orders].reduce((sum, order) => sum + (evidence.ledger.get(order)?.calls ?? 0), 0),
  };
}
