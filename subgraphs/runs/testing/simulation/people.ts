import { payloadOf } from "@soma/schemas/run-history";
import type { HistoryEvent } from "../../domain/history.ts";
import { stepIdOf } from "../../domain/history.ts";
import { isFinished, RUN_STATUS } from "../../domain/run-status.ts";
import type { MemoryStore, StoredRun } from "./memory-store.ts";

const SENT_BY = "bob";

/** What people and programs outside have to do so that runs go on: they resume, send what is waited for, and decide. */
export function dutiesOf(store: MemoryStore, wasDone: (key: string) => boolean): (() => void)[] {
  const open = [...store.runs.values()].filter(({ status }) => !isFinished(status));
  return open.flatMap((run) => [
    ...(run.status === RUN_STATUS.PAUSED.code && (run.control & 2) === 2 ? [() => store.pause(run.runId, false)] : []),
    ...missing(store, run).map((name) => () => send(store, run, name)),
    ...undecided(store, run).map((asked) => () => decide(store, asked, wasDone)),
  ]);
}

/** Sends a signal of a name, whether it is waited for or not. */
export function send(store: MemoryStore, { runId }: Pick<StoredRun, "runId">, name: string): void {
  store.signal({ runId, name, payload: null, sentBy: SENT_BY });
}

/** Names of signals that steps of a run have parked for, and that are not there for all of them. */
function missing(store: MemoryStore, { runId, signals }: StoredRun): string[] {
  const parked = new Map<number, string>();
  const heard = new Set<number>();
  for (const { kind, step, payload } of store.history(runId)) {
    parked.delete(step);
    if (kind === "STEP_PARKED") parked.set(step, payloadOf(kind, payload).signal ?? ":");
    if (kind === "STEP_WOKEN") heard.add(payloadOf(kind, payload).signal?.no ?? 0);
  }
  const names = [...parked.values()].filter((name) => !name.includes(":"));
  const unheard = signals.filter(({ no }) => !heard.has(no));
  const count = (of: readonly string[], name: string): number => of.filter((each) => each === name).length;
  const sent = unheard.map(({ name }) => name);
  return [...new Set(names)].filter((name) => count(names, name) > count(sent, name));
}

function undecided(store: MemoryStore, { runId, signals }: StoredRun): HistoryEvent[] {
  const isOpen = ({ kind, payload }: HistoryEvent): boolean =>
    kind === "APPROVAL_ASKED" && !signals.some(({ name }) => name === payloadOf(kind, payload).name);
  return store.history(runId).filter(isOpen);
}

/** Whoever is asked whether a payment was made looks where it would be, and everything else is allowed. */
function decide(
  store: MemoryStore,
  { runId, step, nodeType, payload }: HistoryEvent,
  wasDone: (key: string) => boolean,
) {
  const { name } = payloadOf("APPROVAL_ASKED", payload);
  const approved = nodeType === "approval" || wasDone(stepIdOf(runId, step));
  store.decide({ runId, name, payload: { approved, comment: null }, sentBy: SENT_BY });
}
