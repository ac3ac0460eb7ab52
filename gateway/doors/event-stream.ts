import { RetryLater, SomaError } from "@soma/shared/errors";
import type { FormattedExecutionResult } from "graphql";
import { BUSY_RETRY_MS } from "../ground/busy-retry.ts";
import { settledWithin } from "../ground/deadline.ts";
import type { GatewayLimits } from "../ground/limits.ts";
import type { RequestTrace } from "../ground/request-trace.ts";
import type { Unread } from "../ground/unread.ts";
import { type CallerBounds, once } from "../operations/caller-bounds.ts";
import type { Operations } from "../operations/operations.ts";
import type { AdmittedOperation } from "../operations/pipeline.ts";
import { drainingError, refused } from "../operations/refusal.ts";
import { EVENT_STREAM } from "./media-types.ts";
import { whenOver } from "./when-over.ts";

interface EventStreamsOptions {
  operations: Operations;
  callers: CallerBounds;
  limits: GatewayLimits;
  unread: Unread;
  /** Told the name of a bound that refused a stream. */
  onRefused: (bound: string) => void;
}

/** Answers that go on: GraphQL over SSE, a connection for each operation. */
export interface EventStreams {
  /** What is said to the operation, event by event; its signal aborts when its client is gone. */
  answer(admitted: AdmittedOperation, call: { trace: RequestTrace; signal: AbortSignal }): Promise<Response>;
  load(): { streams: number; subscriptions: number };
  /** Ends each with SERVER_DRAINING, as its last result. */
  close(): Promise<void>;
}

/** One stream, from its beginning to its end. */
interface Stream {
  isSubscription: boolean;
  /** Aborts with what its client is told as its last result. */
  ending: AbortController;
  ended: PromiseWithResolvers<void>;
}

type Results = AsyncIterator<FormattedExecutionResult>;

/**
 * A connection as a WebSocket is one: it counts among its caller's, is held open by comments where that has pings, ends when
 * its token does, and is read as fast as its client reads. What it is told beside results is the last of them.
 */
export function createEventStreams(options: EventStreamsOptions): EventStreams {
  const { operations, callers, limits, unread, onRefused } = options;
  const open = new Set<Stream>();
  let isClosing = false;

  function checkRoom(): void {
    if (open.size < limits.connections) return;
    onRefused("event streams");
    const most = `${limits.connections} event streams are open, the most there may be`;
    throw new RetryLater(`${most}; try again in a moment`, BUSY_RETRY_MS);
  }

  return {
    async answer(admitted, { trace, signal }) {
      checkRoom();
      const { principal } = admitted.identified;
      const stream: Stream = {
        isSubscription: admitted.planned.operation.operation === "subscription",
        ending: new AbortController(),
        ended: Promise.withResolvers(),
      };
      const { ending } = stream;
      let leave = (): void => {};
      const stayOpen = whenOver(admitted.identified, (error) => ending.abort(error));
      const gone = (): void => ending.abort();
      signal.addEventListener("abort", gone, { once: true });
      open.add(stream);
      if (isClosing && stream.isSubscription) ending.abort(drainingError());
      const end = once(() => {
        signal.removeEventListener("abort", gone);
        stayOpen();
        open.delete(stream);
        leave();
        stream.ended.resolve();
      });
      try {
        leave = await callers.enter(principal, "connections");
        const results = await begin(operations, admitted, { trace, signal: ending.signal });
        const reader = {
          end() {
            ending.abort();
            body.cut(new SomaError("SLOW_CONSUMER", "too much waits to be read"));
          },
        };
        const hold = (bytes: number) => unread.hold(reader, bytes);
        const body = toBody(results, { trace, hold, end, beatMs: limits.keepAliveMs });
        return toResponse(body.stream);
      } catch (error) {
        end();
        throw error;
      }
    },
    load: () => ({
      streams: open.size,
      subscriptions: [...open].filter(({ isSubscription }) => isSubscription).length,
    }),
    async close() {
      isClosing = true;
      const ended = [...open].map((stream) => stream.ended.promise);
      for (const { ending, isSubscription } of open) if (isSubscription) ending.abort(drainingError());
      await settledWithin(ended, limits.drainMs);
    },
  };
}

async function begin(
  operations: Operations,
  admitted: AdmittedOperation,
  call: { trace: RequestTrace; signal: AbortSignal },
): Promise<Results> {
  if (admitted.planned.operation.operation === "subscription") return operations.subscribe(admitted, call);
  return (async function* () {
    yield await operations.execute(admitted, call);
  })();
}

function toResponse(body: ReadableStream<Uint8Array>): Response {
  // Proxies keep back what they are not told to hand on at once.
  const headers = { "cache-control": "no-store", "x-accel-buffering": "no" };
  return new Response(body, { headers: { "content-type": `${EVENT_STREAM}; charset=utf-8`, ...headers } });
}

/** What is written next. */
interface Told {
  text: string;
  isLast: boolean;
}

/** A comment, for whoever would take silence for the end. */
const BEAT: Told = { text: ":\n\n", isLast: false };
const COMPLETE = "event: complete\ndata:\n\n";
const ENCODER = new TextEncoder();

interface BodyOptions {
  trace: RequestTrace;
  /** Counts what waits to be read, until the function is called. */
  hold(bytes: number): () => void;
  end(): void;
  beatMs: number;
}

interface Body {
  stream: ReadableStream<Uint8Array>;
  /** Ends it in its middle, and gives up what waits to be read. */
  cut(error: SomaError): void;
}

/** Asks for the next result when the last one has been taken, and not before: what is not read waits where it is bounded. */
function toBody(results: Results, { trace, hold, end, beatMs }: BodyOptions): Body {
  let next: Promise<Told> | undefined;
  let release = (): void => {};
  let over = false;
  const finish = (): void => {
    over = true;
    release();
    end();
  };
  let cut = (_error: SomaError): void => {};
  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        cut = (error) => {
          if (over) return;
          finish();
          controller.error(error);
          void results.return?.();
        };
      },
      async pull(controller) {
        release();
        next ??= results.next().then(tell, (error: unknown) => tellFailure(error, trace));
        const told = await within(beatMs, next);
        if (over) return;
        if (told !== BEAT) next = undefined;
        const bytes = ENCODER.encode(told.text);
        release = hold(bytes.length);
        // What waits together may have become too much by it, and this stream the one that had to end.
        if (over) return release();
        controller.enqueue(bytes);
        if (!told.isLast) return;
        controller.close();
        finish();
      },
      cancel() {
        finish();
        void results.return?.();
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, cut: (error) => cut(error) };
}

function tell({ done, value }: IteratorResult<FormattedExecutionResult, unknown>): Told {
  return done === true ? { text: COMPLETE, isLast: true } : { text: eventOf(value), isLast: false };
}

function tellFailure(error: unknown, trace: RequestTrace): Told {
  return { text: `${eventOf(refused(error, trace))}${COMPLETE}`, isLast: true };
}

/** JSON has no line breaks of its own. */
function eventOf(result: unknown): string {
  return `event: next\ndata: ${JSON.stringify(result)}\n\n`;
}

/** What is told, or a beat when that takes longer. */
async function within(ms: number, told: Promise<Told>): Promise<Told> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Told>((resolve) => {
    timer = setTimeout(resolve, ms, BEAT);
  });
  return Promise.race([told, late]).finally(() => clearTimeout(timer));
}
