import type { EmbeddingClient } from "@soma/sdk/embedding-client";
import type { ChatEvent, ChatRequest, ModelClient } from "@soma/sdk/model-client";
import { toSomaError } from "@soma/shared/errors";
import { ModelError } from "./model-error.ts";

/** Calls that wait for a place at one address and key; they hold no connection meanwhile. */
const MAX_WAITING = 100;
/** How long one waits; then it is told to come later, and its run parks. */
const MAX_WAIT_MS = 10_000;
/** Failures in a row after which a server is left alone. */
const FAILURES = 5;
/** How long, doubled each time that the one call which looks again fails too. */
const ALONE_MS = 5_000;
const MAX_ALONE_MS = 60_000;
/** Codes by which a server that is alive does not answer. */
const OF_FAILURES: ReadonlySet<string> = new Set(["UPSTREAM_UNAVAILABLE", "MODEL_FAILED", "TIMEOUT"]);

/** What goes on at one address with one key, of all profiles and runs of this process. */
interface Lane {
  calls: number;
  waiting: { max: number; enter(): void }[];
  failures: number;
  /** How often it was left alone since it last answered, until when, and whether one call looks again. */
  rests: number;
  restsUntil: number;
  isProbed: boolean;
}

export interface GuardOptions {
  /** Address and key; only compared, never shown. */
  place: string;
  /** Calls at a time at this place, as the profile says; any number when left out. */
  maxConcurrent?: number | undefined;
}

export interface Lanes {
  /** A client whose calls wait for a place, and are refused at once while its server is left alone. */
  guard(client: ModelClient, options: GuardOptions): ModelClient;
  /** The same of one that makes vectors. */
  guardEmbeddings(client: EmbeddingClient, options: GuardOptions): EmbeddingClient;
}

/** Limits and breakers of the places that models are asked at; as many as models.yaml has had addresses and keys. */
export function createLanes(now: () => number = Date.now): Lanes {
  const lanes = new Map<string, Lane>();
  /** Begins a call at a place, once there is room for it. */
  function doorTo(
    { profile, model }: Pick<ModelClient, "profile" | "model">,
    { place, maxConcurrent: max = Number.POSITIVE_INFINITY }: GuardOptions,
  ) {
    const fresh: Lane = { calls: 0, waiting: [], failures: 0, rests: 0, restsUntil: 0, isProbed: false };
    const lane = lanes.get(place) ?? fresh;
    lanes.set(place, lane);
    const who = `${profile} (${model})`;
    return async (signal: AbortSignal) => {
      checkRest(lane, who, now());
      await enter(lane, { who, max, signal });
      // It may have failed for others meanwhile; of those that come after a rest, one looks.
      return begin(lane, who, now());
    };
  }
  return {
    guard(client, options) {
      const { profile, provider, model, isAi } = client;
      const open = doorTo(client, options);
      async function* chat(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatEvent> {
        const call = await open(signal);
        try {
          for await (const event of client.chat(request, signal)) {
            if (event.type !== "note") call.answered();
            yield event;
          }
        } catch (error) {
          call.failed(error, now());
          throw error;
        } finally {
          call.end();
        }
      }
      return { profile, provider, model, isAi, chat };
    },
    guardEmbeddings(client, options) {
      const open = doorTo(client, options);
      const embed: EmbeddingClient["embed"] = async (texts, signal) => {
        const call = await open(signal);
        try {
          const made = await client.embed(texts, signal);
          call.answered();
          return made;
        } catch (error) {
          call.failed(error, now());
          throw error;
        } finally {
          call.end();
        }
      };
      return { ...client, embed };
    },
  };
}

function checkRest(lane: Lane, who: string, at: number): void {
  const restMs = lane.restsUntil - at;
  if (restMs <= 0 && !lane.isProbed) return;
  const retryAfterMs = Math.max(restMs, 1_000);
  const why = `its server did not answer ${lane.failures} times in a row`;
  throw new ModelError(
    "UPSTREAM_UNAVAILABLE",
    `${who} is left alone for ${Math.ceil(retryAfterMs / 1_000)} s: ${why}`,
    { retryAfterMs },
  );
}

/** Waits for a place, in the order in which calls came; throws when too many wait, or it takes too long. */
async function enter(
  lane: Lane,
  { who, max, signal }: { who: string; max: number; signal: AbortSignal },
): Promise<void> {
  if (lane.calls < max) {
    lane.calls += 1;
    return;
  }
  const busy = (what: string) =>
    new ModelError("UPSTREAM_UNAVAILABLE", `${who} has its most calls at a time, ${lane.calls}, and ${what}`, {
      retryAfterMs: 1_000,
    });
  if (lane.waiting.length >= MAX_WAITING) throw busy(`${MAX_WAITING} more wait`);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const waiting = { max, enter: resolve };
  const leave = (why: unknown): void => {
    lane.waiting = lane.waiting.filter((other) => other !== waiting);
    reject(why);
  };
  const canceled = (): void =>
    leave(new ModelError("CANCELED", `the call to ${who} was canceled`, { cause: signal.reason }));
  const timer = setTimeout(() => leave(busy(`none ended within ${MAX_WAIT_MS} ms`)), MAX_WAIT_MS);
  lane.waiting.push(waiting);
  signal.addEventListener("abort", canceled, { once: true });
  if (signal.aborted) canceled();
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", canceled);
  }
}

/** A call that has its place. */
function begin(lane: Lane, who: string, at: number) {
  const end = (): void => {
    lane.calls -= 1;
    const next = lane.waiting.find(({ max }) => lane.calls < max);
    if (next === undefined) return;
    lane.waiting = lane.waiting.filter((other) => other !== next);
    // Its place is taken for it: what comes between would take it otherwise.
    lane.calls += 1;
    next.enter();
  };
  try {
    checkRest(lane, who, at);
  } catch (error) {
    end();
    throw error;
  }
  const isProbe = lane.rests > 0;
  lane.isProbed = isProbe;
  let isOver = false;
  const answered = (): void => {
    if (!isOver) Object.assign(lane, { failures: 0, rests: 0, restsUntil: 0 });
    isOver = true;
  };
  return {
    answered,
    failed(error: unknown, failedAt: number): void {
      const { code } = toSomaError(error);
      if (isOver || code === "CANCELED") return;
      // Who refuses is there, and so is who answers badly.
      const hasBegun = error instanceof ModelError && error.spent !== undefined;
      if (!OF_FAILURES.has(code) || (code === "MODEL_FAILED" && hasBegun)) answered();
      if (isOver) return;
      isOver = true;
      lane.failures += 1;
      // Calls that had begun before its rest say nothing new.
      if (lane.failures < FAILURES || (lane.rests > 0 && !isProbe)) return;
      lane.restsUntil = failedAt + Math.min(MAX_ALONE_MS, ALONE_MS * 2 ** lane.rests);
      lane.rests = Math.min(lane.rests + 1, 10);
    },
    end(): void {
      if (isProbe) lane.isProbed = false;
      end();
    },
  };
}
