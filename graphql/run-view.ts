import { CHAIN_START, ChainError, type ChainHead, verifyNext } from "@soma/schemas/run-chain";
import { FIRST_FOLLOW_STATE, type FollowPhase, type FollowState } from "./follow-state.ts";
import type { EventFieldsFragment, RunEventsSubscription } from "./generated/graphql.ts";

export type RunEvent = EventFieldsFragment;
export type RunFrame = RunEventsSubscription["runEvents"];

/** Events to look at next, or what the frame showed instead. */
type Taken = { kind: "events"; events: readonly RunEvent[] } | { kind: "current" } | { kind: "gap" } | { kind: "end" };

/** What a follower knows of a run: how far it is verified, and what may be said about that. */
export interface RunView {
  readonly state: FollowState;
  /** The newest event that was verified. */
  last(): { seq: number; hash: string };
  /** Sorts a frame in; throws ChainError when the server's head is not ours. */
  take(frame: RunFrame): Taken;
  /** True when the event is the next one and fits; false when it was known already or one is missing before it. */
  accept(event: RunEvent): Promise<boolean>;
  tell(phase: FollowPhase, detail?: string): void;
}

export interface RunViewOptions {
  runId: string;
  afterSeq: number;
  afterHash: string | undefined;
  onState: (state: FollowState) => void;
}

export function createRunView(options: RunViewOptions): RunView {
  let last: ChainHead = { seq: options.afterSeq, hash: options.afterHash ?? CHAIN_START };
  let missing = false;
  const state: FollowState = { ...FIRST_FOLLOW_STATE, received: last.seq, head: last.seq };

  function tell(phase: FollowPhase, detail?: string): void {
    state.phase = phase;
    if (detail === undefined) delete state.detail;
    else state.detail = detail;
    options.onState({ ...state });
  }

  function gap(upTo: number): { kind: "gap" } {
    missing = true;
    tell("REPAIRING", `events ${last.seq + 1} to ${upTo} are missing and asked for again`);
    return { kind: "gap" };
  }

  /** Heartbeats and the end name the newest event: all of it must be here, and the same. */
  function takeHead(head: { headSeq: number; headHash: string }): Taken {
    state.head = Math.max(state.head, head.headSeq);
    if (head.headSeq > last.seq) return gap(head.headSeq);
    if (head.headSeq === last.seq && head.headHash !== last.hash)
      throw new ChainError(`the server's event ${last.seq} has another hash than ours`, last.seq);
    return { kind: "current" };
  }

  return {
    state,
    last: () => last,
    tell,

    take(frame) {
      if (frame.__typename !== "RunBatch") {
        const taken = takeHead(frame);
        if (taken.kind === "gap") return taken;
        const ended = frame.__typename === "RunEnd";
        tell(ended ? "ENDED" : "QUIET");
        return { kind: ended ? "end" : "current" };
      }
      state.head = Math.max(state.head, frame.lastSeq);
      if (state.phase !== "LIVE" && state.phase !== "QUIET") tell("CATCHING_UP");
      return { kind: "events", events: frame.events };
    },

    async accept(event) {
      if (event.seq <= last.seq) {
        state.duplicatesDropped += 1;
        return false;
      }
      if (event.seq > last.seq + 1) {
        gap(event.seq - 1);
        return false;
      }
      last = await verifyNext(options.runId, last, {
        ...event,
        stepId: event.stepId ?? null,
        nodeId: event.nodeId ?? null,
        attempt: event.attempt ?? null,
      });
      state.received = last.seq;
      if (missing) state.gapsRepaired += 1;
      missing = false;
      return true;
    },
  };
}
