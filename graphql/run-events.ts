import { ChainError } from "@soma/schemas/run-chain";
import { backoffMs } from "@soma/shared/backoff";
import type { FollowState } from "./follow-state.ts";
import { pause } from "./pause.ts";
import { fromWire, isRefusal, refusedConnection, SomaRequestError, type WireError } from "./request-error.ts";
import { runFrames } from "./run-frames.ts";
import { createRunView, type RunEvent, type RunView } from "./run-view.ts";
import { createTransports, type Transport, type Transports } from "./transports.ts";

export type { FollowState } from "./follow-state.ts";
export type { RunEvent } from "./run-view.ts";

export interface FollowRunParams {
  /** WebSocket URL of the GraphQL endpoint. */
  url: string;
  runId: string;
  /** Continue after this event; its hash is needed unless it is 0. */
  afterSeq: number;
  afterHash?: string;
  token?: string;
  /** Ends the iteration quietly. */
  signal?: AbortSignal;
  /** Called at every change and every frame. */
  onState?: (state: FollowState) => void;
  /** For runtimes without a global WebSocket, and for tests. */
  webSocketImpl?: unknown;
  /**
   * Milliseconds without any frame until the view is called stale and the connection given up; two heartbeats and a
   * little.
   */
  staleMs?: number;
  /** Milliseconds between questions where no connection may stay open; 2 000 when left out. */
  pollMs?: number;
  /** Milliseconds of the longest first wait before connecting again; doubled each time, with jitter. */
  backoffMs?: number;
  /** Milliseconds of the longest wait of all; 40 times the first when left out. */
  maxBackoffMs?: number;
  /** Called when a wait begins, with what ends it at once: for somebody who would rather try now. */
  onWait?: (goOn: () => void) => void;
}

/** Codes for which asking again gives the same answer. */
const FINAL_CODES = ["NOT_FOUND", "UNAUTHENTICATED", "TOKEN_EXPIRED", "FORBIDDEN", "CURSOR_INVALID", "BAD_INPUT"];

/**
 * The events of a run from a sequence number to its end, each exactly once, in order, and verified against the hash
 * chain. Connections may break, lose and repeat as often as they like: the next one continues after the last event
 * delivered; where WebSockets are refused it is an answer over HTTP that goes on, and where that is refused too one question
 * after another. Throws ChainError (phase BROKEN) when an
 * event does not follow from the one before, and SomaRequestError when asking again cannot help.
 */
export async function* followRun(params: FollowRunParams): AsyncGenerator<RunEvent, void> {
  const { runId, afterSeq, afterHash, signal, onState = () => {} } = params;
  if (afterSeq > 0 && afterHash === undefined)
    throw new SomaRequestError(`the hash of event ${afterSeq} is needed to go on after it`, BAD_INPUT);
  const view = createRunView({ runId, afterSeq, afterHash, onState });
  const stopped = (): boolean => signal?.aborted === true;
  const initialMs = params.backoffMs ?? 250;
  const waits = { initialMs, maxMs: params.maxBackoffMs ?? initialMs * 40 };
  const transports = createTransports();
  view.tell("LOADING");
  for (let fruitless = 0; !stopped(); ) {
    const before = view.last().seq;
    const outcome = yield* followOnce(params, view, transports);
    if (outcome === "ended" || stopped()) return;
    const useful = view.last().seq > before || (outcome === "current" && view.state.phase !== "REPAIRING");
    fruitless = useful ? 0 : fruitless + 1;
    view.state.reconnects += 1;
    // A gap or silence is asked about at once; a closed connection, or asking in vain, has to wait.
    const waitMs = fruitless === 0 && view.state.phase !== "RECONNECTING" ? 0 : backoffMs(waits, fruitless);
    if (view.state.phase === "RECONNECTING")
      view.tell("RECONNECTING", `try ${fruitless + 1}, in ${(waitMs / 1_000).toFixed(1)} s`);
    await pause(waitMs, signal, params.onWait);
  }
}

const BAD_INPUT = { code: "BAD_INPUT", retryable: false } as const;

/** One connection; "current" when it once showed that nothing is missing, "lost" when it did not. */
async function* followOnce(
  params: FollowRunParams,
  view: RunView,
  transports: Transports,
): AsyncGenerator<RunEvent, "ended" | "current" | "lost"> {
  const { url, runId, token, signal, webSocketImpl, staleMs = 12_000, pollMs = 2_000 } = params;
  const onStale = (): void => view.tell("STALE");
  let outcome: "current" | "lost" = "lost";
  const wanted = transports.next();
  const transport = wanted in ways ? wanted : "WEBSOCKET";
  const framesOf = ways[transport] ?? runFrames;
  let [opened, refused] = [false, false];
  const onRefused = (): void => {
    refused = true;
  };
  const onOpen = (): void => {
    opened = true;
    view.state.transport = transport;
    transports.opened(transport);
  };
  try {
    for await (const { frame, ahead } of framesOf({
      url,
      runId,
      afterSeq: view.last().seq,
      token,
      signal,
      webSocketImpl,
      staleMs,
      pollMs,
      onStale,
      onOpen,
      onRefused,
    })) {
      const taken = view.take(frame);
      if (taken.kind === "end") return "ended";
      if (taken.kind === "gap") return outcome;
      if (taken.kind === "current") outcome = "current";
      for (const event of taken.kind === "events" ? taken.events : []) {
        if (await view.accept(event)) yield event;
        else if (view.state.phase === "REPAIRING") return outcome;
      }
      if (taken.kind === "events" && ahead === 0 && view.last().seq >= view.state.head) view.tell("LIVE");
    }
    if (signal?.aborted !== true) view.tell("RECONNECTING");
  } catch (error) {
    if (signal?.aborted !== true) explain(error, view, runId);
  } finally {
    if (!opened) {
      transports.failed(transport, refused);
      loadOverHttp();
    }
  }
  return outcome;
}

const ways: Partial<Record<Transport, typeof runFrames>> = { WEBSOCKET: runFrames };

/** Needed seldom, and never waited for: a page has it from the server that may be away. */
function loadOverHttp(): void {
  if ("POLLING" in ways) return;
  Promise.all([import("./sse-frames.ts"), import("./poll-frames.ts")]).then(
    ([{ sseFrames }, { pollFrames }]) => Object.assign(ways, { SSE: sseFrames, POLLING: pollFrames }),
    () => {},
  );
}

/** Tells what became of a connection; throws when another one would end the same way. */
function explain(error: unknown, view: RunView, runId: string): void {
  if (error instanceof ChainError) {
    view.tell("BROKEN", error.message);
    throw error;
  }
  const [first] = (Array.isArray(error) ? error : []) as WireError[];
  if (first !== undefined && FINAL_CODES.includes(first.extensions?.code ?? "")) throw fromWire(first);
  if (isRefusal(error)) throw refusedConnection(`run ${runId}`);
  if (view.state.phase !== "STALE") view.tell("RECONNECTING", first?.message);
}
