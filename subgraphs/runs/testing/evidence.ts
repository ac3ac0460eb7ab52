import { canonicalJson, type Json } from "@soma/schemas/json";
import { EVENT_KIND, isStepEnd, payloadOf } from "@soma/schemas/run-history";
import { derivedId } from "@soma/shared/ids";
import type { HistoryEvent } from "../domain/history.ts";
import { PUBLISHED_KINDS } from "../domain/published-events.ts";
import { faultsOf } from "./history-oracle.ts";

/** What a repetition of an effect means: see `atMostOnce()`, `inDatabase()` and keys of effects. */
export type EffectClass = "pure" | "idempotent" | "db" | "at_most_once";

/** One time that something was done outside. */
export interface Effect {
  class: EffectClass;
  runId: string;
  step: number;
  attempt: number;
  /** What the one outside knows it by. */
  key: string;
  /** Entries of its run that were durable when it was begun; undefined where nobody could look. */
  durable?: number;
  /** Whether whoever began it had the run then. */
  isOwner?: boolean;
}

/** An event of a run, as somebody heard it on the bus. */
export interface Delivered {
  eventId: string;
  type: string;
  /** RFC 3339. */
  at: string;
}

/** What is known of a run from outside its process. */
export interface Evidence {
  history: readonly HistoryEvent[];
  /** Entries that somebody was told to be durable. */
  acknowledged: readonly { seq: number; hash: string }[];
  /** Entries as they were when somebody read them. */
  read: readonly HistoryEvent[];
  /** Who was seen to have it, under which epoch. */
  owners: readonly { epoch: number; worker: string }[];
  /** Changes of owners: how many entries there were then. */
  takings: readonly { epoch: number; entries: number }[];
  /** Under which epoch each entry was written, by its place. */
  epochs: readonly number[];
  /** Entries there were when somebody was told that the run is canceled. */
  canceledAt: number | undefined;
  effects: readonly Effect[];
  /** In the order in which it came; undefined where nobody listened. */
  delivered: readonly Delivered[] | undefined;
}

/**
 * What is wrong with a run that has ended, in words; nothing for a sound one. It knows neither its graph nor who
 * executed it where: numbers in brackets are those of the invariants in docs/developer/proof.md.
 */
export function faultsOfEvidence(evidence: Evidence): string[] {
  return [
    ...faultsOf(evidence.history),
    ...lostEntries(evidence),
    ...changedEntries(evidence),
    ...sharedEpochs(evidence),
    ...staleEntries(evidence),
    ...faultsOfBus(evidence),
    ...faultsOfWakes(evidence.history),
    ...evidence.effects.flatMap((effect) => faultsOfBeginning(evidence, effect)),
    ...faultsOfClasses(evidence),
  ];
}

/** (I1) */
function lostEntries({ history, acknowledged }: Evidence): string[] {
  return acknowledged
    .filter(({ seq, hash }) => history[seq - 1]?.hash !== hash)
    .map(({ seq }) => `entry ${seq} was acknowledged and is not there`);
}

/** (I13) Whatever comes after an entry, a rollback or a fork too, leaves it as it was read. */
function changedEntries({ history, read }: Evidence): string[] {
  const textOf = (event: HistoryEvent | undefined): string =>
    event === undefined ? "" : canonicalJson({ ...event, at: event.at.toISOString() } as unknown as Json);
  const changed = read.filter((event) => textOf(history[event.seq - 1]) !== textOf(event));
  return [...new Set(changed.map(({ seq }) => `entry ${seq} is not what was read of it before`))];
}

/** (I3) */
function sharedEpochs({ owners }: Evidence): string[] {
  const workers = Map.groupBy(owners, ({ epoch }) => epoch);
  return [...workers].flatMap(([epoch, seen]) => {
    const names = [...new Set(seen.map(({ worker }) => worker))];
    return names.length < 2 ? [] : [`epoch ${epoch} was that of ${names.join(" and ")}`];
  });
}

/**
 * (I4) What the bus tells is in the history, and (I6) all of it that others hear of, in its order, and as often as it
 * likes.
 */
function faultsOfBus({ history, delivered }: Evidence): string[] {
  if (delivered === undefined) return [];
  const runId = history.at(-1)?.runId;
  const own = history.filter((event) => event.runId === runId && PUBLISHED_KINDS.includes(EVENT_KIND[event.kind]));
  const known = new Map(own.map((event) => [derivedId("Other", event.runId, event.seq), event]));
  const strange = delivered.filter(({ eventId, type, at }) => {
    const event = known.get(eventId);
    return event === undefined || topicOf(event) !== type || event.at.toISOString() !== at;
  });
  const heard = [...new Set(delivered.map(({ eventId }) => eventId))].flatMap((id) => known.get(id)?.seq ?? []);
  return [
    ...strange.map(({ type, at }) => `the bus told of ${type} at ${at}, and no entry says so`),
    ...own.filter(({ seq }) => !heard.includes(seq)).map(({ seq }) => `the bus did not tell of entry ${seq}`),
    ...heard.flatMap((seq, at) => {
      const before = Math.max(...heard.slice(0, at));
      return seq > before ? [] : [`the bus told of entry ${seq} after entry ${before}`];
    }),
  ];
}

const topicOf = ({ kind }: HistoryEvent): string => (isStepEnd(kind) ? "agent.steps.v1" : "agent.runs.v1");

/** (I2, I5) */
function staleEntries({ takings, epochs }: Evidence): string[] {
  return epochs.flatMap((epoch, index) => {
    const taking = takings.find((each) => each.epoch > epoch && index >= each.entries);
    return taking === undefined
      ? []
      : [`entry ${index + 1} was written under epoch ${epoch}, after epoch ${taking.epoch} had begun`];
  });
}

/** (I9) A signal, and with it a decision or the end of a child, wakes one step, once. */
function faultsOfWakes(history: readonly HistoryEvent[]): string[] {
  const heard = new Set<number>();
  const faults: string[] = [];
  for (const { kind, payload, seq } of history) {
    const signal = kind === "STEP_WOKEN" ? payloadOf(kind, payload).signal : null;
    if (signal === null) continue;
    if (heard.has(signal.no)) faults.push(`signal ${signal.no} woke a second step in entry ${seq}`);
    heard.add(signal.no);
  }
  return faults;
}

/**
 * (I7, I10, I11) An effect begins when its start is durable, not after its end, and not when its run was canceled
 * before its start.
 */
function faultsOfBeginning({ history, canceledAt }: Evidence, effect: Effect): string[] {
  const { durable, step, attempt, isOwner = false } = effect;
  if (durable === undefined || effect.class === "pure") return [];
  const what = `the effect of step ${step}, attempt ${attempt},`;
  const before = history.slice(0, durable).filter((event) => event.step === step);
  const start = before.findLast(({ kind, attempt: its }) => BEGINS.has(kind) && its === attempt);
  if (start === undefined) return [`${what} began before its start was durable`];
  const faults: string[] = [];
  if (isOwner && before.some(({ kind }) => isStepEnd(kind))) faults.push(`${what} began after the step had ended`);
  if (canceledAt !== undefined && start.seq > canceledAt)
    faults.push(`${what} began in entry ${start.seq}, and the run had been canceled after ${canceledAt}`);
  return faults;
}

const BEGINS: ReadonlySet<string> = new Set(["STEP_STARTED", "STEP_WOKEN"]);

/** (I8) How often each class may be done, and must have been where its step says that it was. */
function faultsOfClasses({ history, effects }: Evidence): string[] {
  const faults: string[] = [];
  for (const [step, done] of Map.groupBy(effects, (effect) => effect.step)) {
    const [{ class: kind = "pure" } = {}] = done;
    const attempts = history.filter((event) => event.step === step && BEGINS.has(event.kind)).length;
    const isDone = history.some((event) => event.step === step && event.kind === "STEP_SUCCEEDED");
    const keys = new Set(done.map(({ key }) => key));
    const times = `the effect of step ${step}, of class ${kind}, was done ${done.length} times`;
    if (kind === "at_most_once" && done.length > 1) faults.push(times);
    if (kind === "db" && done.length !== (isDone ? 1 : 0))
      faults.push(`${times}, and the step ${isDone ? "ended well" : "did not end well"}`);
    if (kind !== "pure" && done.length > attempts) faults.push(`${times} in ${attempts} attempts`);
    if (kind === "idempotent" && keys.size > 1) faults.push(`${times} under the keys ${[...keys].join(", ")}`);
  }
  return faults;
}
