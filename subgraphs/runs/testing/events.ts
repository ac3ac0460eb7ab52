import { CHAIN_START } from "@soma/schemas/run-chain";
import type { EventKind } from "@soma/schemas/run-history";
import { chain } from "../domain/chain.ts";
import type { HistoryEvent } from "../domain/history.ts";
import type { RunFacts } from "../domain/published-events.ts";

export const RUN_ID = "01890000-0000-7000-8000-000000000001";

export type Draft = {
  kind: EventKind;
  step?: number;
  node?: string | null;
  nodeType?: string | null;
  attempt?: number;
  payload?: HistoryEvent["payload"];
};

/** A chained history of these events, one second apart. */
export function aHistory(...drafts: readonly Draft[]): HistoryEvent[] {
  const events: HistoryEvent[] = [];
  for (const {
    kind,
    step = 0,
    node = step === 0 ? null : "n",
    nodeType = step === 0 ? null : "tool",
    attempt = step === 0 ? 0 : 1,
    payload = {},
  } of drafts) {
    const seq = events.length + 1;
    events.push(
      chain(events.at(-1)?.hash ?? CHAIN_START, {
        runId: RUN_ID,
        seq,
        at: new Date(Date.UTC(2026, 0, 1, 0, 0, seq)),
        kind,
        step,
        node,
        nodeType,
        attempt,
        payload,
      }),
    );
  }
  return events;
}

/** What is published of a run, as far as its own row says it. */
export const RUN_FACTS: RunFacts = {
  tenant: "acme",
  sessionId: RUN_ID,
  graph: "assistant",
  graphVersion: 1,
  modelProfile: "scripted",
  role: "assistant",
  createdAt: new Date(0),
  startedAt: null,
  parentRunId: null,
  requestId: "req-7",
  traceParent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`,
};
