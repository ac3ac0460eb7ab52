import { CHAIN_START, ChainError, verifyNext } from "@soma/schemas/run-chain";
import { createClient } from "graphql-ws";
import { SomaRequestError } from "./client.ts";
import { type EventFieldsFragment, RunEventsDocument, type RunEventsSubscription } from "./generated/graphql.ts";

export type RunEvent = EventFieldsFragment;
type Frame = RunEventsSubscription["runEvents"];

/**
 * LOADING nothing came yet; CATCHING_UP history is coming; LIVE complete and current; QUIET the same, with nothing new for a
 * while; STALE nothing was heard for two heartbeats; RECONNECTING the connection is gone; REPAIRING an event is missing and
 * asked for again; BROKEN an event does not follow from the one before; ENDED the run is finished and every event was delivered.
 */
export type FollowPhase = "LOADING" | "CATCHING_UP" | "LIVE" | "QUIET" | "STALE" | "RECONNECTING" | "REPAIRING" | "BROKEN" | "ENDED";

export interface FollowState {
  phase: FollowPhase;
  /** Events verified and delivered, and the newest the server has told of. */
  received: number;
  head: number;
  duplicatesDropped: number;
  reconnects: number;
  gapsRepaired: number;
  detail?: string;
}

export interface FollowRunParams {
  /** WebSocket URL of the GraphQL endpoint. */
  url: string;
  runId: string;
  /** Continue after this event; its hash is needed unless it is 0. */
  afterSeq: number;
  afterHash?: string;
  token?: string;
  signal?: AbortSignal;
  onState?: (state: FollowState) => void;
  /** For runtimes without a global WebSocket, and for tests. */
  webSocketImpl?: unknown;
  /** Milliseconds without any frame until the view is called stale; two heartbeats and a little. */
  staleMs?: number;
  /** Milliseconds of the first wait before connecting again; doubled up to 40 times that, with jitter. */
  backoffMs?: number;
}

/** Codes for which asking again gives the same answer. */
const FINAL_CODES = ["NOT_FOUND", "UNAUTHENTICATED", "FORBIDDEN", "CURSOR_INVALID", "BAD_INPUT"];

/**
 * The events of a run from a sequence number to its end, each exactly once, in order, and verified against the hash chain.
 * Connections may break as often as they like: the next one continues after the last event delivered. The library's own
 * retry is off, because it would ask again from where the first connection began.
 */
export async function* followRun(params: FollowRunParams): AsyncGenerator<RunEvent, void> {
  const { runId, signal, backoffMs = 250 } = params;
  const follow = new Follow(params);
  const stopped = (): boolean => signal?.aborted === true;
  for (let failures = 0; ; ) {
    try {
      for await (const frame of frames(params, follow.last.seq, (heard) => follow.stale(heard))) {
        failures = 0;
        const step = follow.take(frame);
        if (step === "gap") break;
        for (const event of step.events) {
          if (event.seq <= follow.last.seq) {
            follow.state.duplicatesDropped += 1;
            continue;
          }
          await follow.verify(event);
          yield event;
        }
        follow.caughtUp();
        if (step.ended) return;
      }
      if (stopped()) return;
    } catch (error) {
      if (stopped()) return;
      if (error instanceof ChainError) {
        follow.tell("BROKEN", error.message);
        throw error;
      }
      const final = finalError(error);
      if (final !== undefined) throw final;
    }
    if (follow.state.phase !== "REPAIRING") {
      follow.state.reconnects += 1;
      follow.tell("RECONNECTING");
    }
    failures += 1;
    await pause(Math.min(backoffMs * 40, backoffMs * 2 ** (failures - 1)) * (0.5 + Math.random() / 2), signal);
    if (stopped()) return;
  }

  function finalError(error: unknown): SomaRequestError | undefined {
    const [first] = (Array.isArray(error) ? error : []) as { message: string; extensions?: { code?: string; traceId?: string } }[];
    const code = first?.extensions?.code ?? (isClose(error) && (error.code === 4401 || error.code === 4403) ? "UNAUTHENTICATED" : undefined);
    if (code === undefined || !FINAL_CODES.includes(code)) return undefined;
    return new SomaRequestError(first?.message ?? `the connection for run ${runId} was refused`, {
      code,
      retryable: false,
      traceId: first?.extensions?.traceId ?? null,
    });
  }
}

class Follow {
  last: { seq: number; hash: string };
  readonly state: FollowState = { phase: "LOADING", received: 0, head: 0, duplicatesDropped: 0, reconnects: 0, gapsRepaired: 0 };
  readonly #runId: string;
  readonly #onState: (state: FollowState) => void;
  #before: FollowPhase = "LOADING";

  constructor(params: FollowRunParams) {
    this.#runId = params.runId;
    this.#onState = params.onState ?? (() => {});
    this.last = { seq: params.afterSeq, hash: params.afterHash ?? CHAIN_START };
    this.state.received = params.afterSeq;
    this.tell("LOADING");
  }

  tell(phase: FollowPhase, detail?: string): void {
    this.state.phase = phase;
    if (detail === undefined) delete this.state.detail;
    else this.state.detail = detail;
    this.#onState({ ...this.state });
  }

  stale(silent: boolean): void {
    if (silent && this.state.phase !== "STALE") {
      this.#before = this.state.phase;
      this.tell("STALE");
    } else if (!silent && this.state.phase === "STALE") {
      this.tell(this.#before);
    }
  }

  /** What a frame brings; "gap" when it shows that an event is missing. */
  take(frame: Frame): { events: readonly RunEvent[]; ended: boolean } | "gap" {
    if (frame.__typename === "RunBatch") {
      this.state.head = Math.max(this.state.head, frame.lastSeq);
      if (frame.firstSeq > this.last.seq + 1) return this.#missing(frame.firstSeq);
      this.tell("CATCHING_UP");
      return { events: frame.events, ended: false };
    }
    this.state.head = Math.max(this.state.head, frame.headSeq);
    if (frame.headSeq > this.last.seq) return this.#missing(frame.headSeq + 1);
    if (frame.headSeq === this.last.seq && frame.headHash !== this.last.hash)
      throw new ChainError(`the server's head ${frame.headSeq} has another hash`, frame.headSeq);
    this.tell(frame.__typename === "RunEnd" ? "ENDED" : "QUIET");
    return { events: [], ended: frame.__typename === "RunEnd" };
  }

  #missing(upTo: number): "gap" {
    this.state.gapsRepaired += 1;
    this.tell("REPAIRING", `events ${this.last.seq + 1} to ${upTo - 1} are missing and asked for again`);
    return "gap";
  }

  async verify(event: RunEvent): Promise<void> {
    this.last = await verifyNext(this.#runId, this.last, {
      ...event,
      stepId: event.stepId ?? null,
      nodeId: event.nodeId ?? null,
      attempt: event.attempt ?? null,
    });
    this.state.received = this.last.seq;
  }

  caughtUp(): void {
    if (this.state.phase === "CATCHING_UP" && this.last.seq >= this.state.head) this.tell("LIVE");
  }
}

/** Frames of one connection, until it ends or breaks. `onSilence` hears when nothing came for too long, and when it is over. */
async function* frames(params: FollowRunParams, afterSeq: number, onSilence: (silent: boolean) => void): AsyncGenerator<Frame, void> {
  const { runId, signal, staleMs = 12_000 } = params;
  const client = createClient({
    url: params.url,
    retryAttempts: 0,
    connectionParams: params.token === undefined ? {} : { token: params.token },
    ...(params.webSocketImpl === undefined ? {} : { webSocketImpl: params.webSocketImpl }),
  });
  const answers = client.iterate<RunEventsSubscription>({ query: RunEventsDocument.toString(), variables: { runId, afterSeq } });
  const stop = (): void => void answers.return?.();
  signal?.addEventListener("abort", stop, { once: true });
  let watchdog = setTimeout(onSilence, staleMs, true);
  try {
    for await (const { data, errors } of answers) {
      clearTimeout(watchdog);
      onSilence(false);
      watchdog = setTimeout(onSilence, staleMs, true);
      if (errors !== undefined) throw errors;
      if (data !== null && data !== undefined) yield data.runEvents;
    }
  } finally {
    clearTimeout(watchdog);
    signal?.removeEventListener("abort", stop);
    await client.dispose();
  }
}

function isClose(error: unknown): error is { code: number } {
  return typeof error === "object" && error !== null && "code" in error && typeof error.code === "number";
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    }
    signal?.addEventListener("abort", done, { once: true });
  });
}
