import { setTimeout } from "node:timers/promises";
import type { ChatEvent, ChatRequest, ModelClient, PassedOver } from "@soma/sdk/model-client";
import { backoffMs } from "@soma/shared/backoff";
import { type ErrorCode, type SomaError, toSomaError } from "@soma/shared/errors";
import { ModelError, mayAnotherAnswer } from "./model-error.ts";

/** A profile that may be asked, and how often before the next one is. */
export interface Hop {
  profile: string;
  attempts: number;
}

/**
 * Gives the client of a profile, or says why it cannot be used; asked anew for each hop, so that each is allowed by
 * itself.
 */
export type OpenProfile = (profile: string) => Promise<ModelClient>;

/** Before a profile is asked once more, while nobody has the answer. */
const PAUSE = { initialMs: 200, maxMs: 2_000 };

/** What was tried without an answer. */
interface Passed extends PassedOver {
  error: SomaError;
}

/**
 * The first profile that can be used, behind which the others stand: where it does not answer, and has said nothing
 * yet, the next one is asked. A request that a server refuses is refused, and what was begun is not begun again by
 * another one.
 */
export async function openWithFallbacks(hops: readonly Hop[], open: OpenProfile): Promise<ModelClient> {
  const passed: Passed[] = [];
  for (const [index, { profile }] of hops.entries()) {
    const client = await open(profile).catch((error: unknown) => void pass(passed, profile, error));
    if (client === undefined) continue;
    const { provider, model, isAi, terms } = client;
    const rest = hops.slice(index);
    if (rest.length === 1 && rest[0]?.attempts === 1 && passed.length === 0) return client;
    const named = { profile, provider, model, isAi, ...(terms === undefined ? {} : { terms }) };
    return { ...named, chat: (...asked) => chat(rest, open, [...passed], ...asked) };
  }
  throw toOneError(passed);
}

async function* chat(
  hops: readonly Hop[],
  open: OpenProfile,
  passed: Passed[],
  request: ChatRequest,
  signal: AbortSignal,
): AsyncGenerator<ChatEvent> {
  for (const { profile, attempts } of hops)
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      let hasBegun = false;
      try {
        const client = await open(profile);
        for await (const event of withNames(client, passed, client.chat(request, signal))) {
          hasBegun = true;
          yield event;
        }
        return;
      } catch (error) {
        if (hasBegun) throw error;
        const known = pass(passed, profile, error);
        // Of what waits for a person, or asks to be left alone, nothing else comes at once.
        if (known instanceof ModelError && (known.isOfProfile || known.retryAfterMs !== null)) break;
        if (attempt < attempts) await setTimeout(backoffMs(PAUSE, attempt), undefined, { signal });
      }
    }
  throw toOneError(passed);
}

/**
 * What a model says, after who says it where others were asked first. What is told before it says anything waits until
 * then.
 */
async function* withNames(
  { profile, provider, model, isAi }: ModelClient,
  passed: readonly Passed[],
  events: AsyncIterable<ChatEvent>,
): AsyncGenerator<ChatEvent> {
  let held: ChatEvent[] | undefined = [];
  for await (const event of events) {
    if (held !== undefined && (event.type === "note" || event.type === "sent")) held.push(event);
    else {
      if (held !== undefined && passed.length > 0)
        yield {
          type: "answeredBy",
          by: { profile, provider, model, isAi },
          passedOver: passed.map(({ error: _error, ...told }) => told),
        };
      yield* held ?? [];
      held = undefined;
      yield event;
    }
  }
}

/** Keeps why a profile gave no answer; throws what no other one mends. */
function pass(passed: Passed[], profile: string, error: unknown): SomaError {
  const known = toSomaError(error);
  if (!mayAnotherAnswer(known)) throw error;
  passed.push({ profile, code: known.code, message: known.publicMessage, error: known });
  return known;
}

/** Codes of errors, the one that promises most first: what only has to be waited out, what may go better, the rest. */
const ORDER: readonly ErrorCode[] = ["UPSTREAM_UNAVAILABLE", "UNAVAILABLE", "MODEL_FAILED", "TIMEOUT", "MODEL_REFUSED"];

/**
 * Why nobody answered, of each; it is as patient as the most patient of them, and waits as long as the one that asks
 * for least.
 */
function toOneError(passed: readonly Passed[]): Error {
  const [only, ...others] = passed.map(({ error }) => error);
  if (only === undefined) throw new Error("no model profile was asked");
  if (others.length === 0) return only;
  const all = [only, ...others];
  const code = ORDER.find((each) => all.some((error) => error.code === each)) ?? only.code;
  const waits = all.flatMap((error) =>
    error.code === code ? [error instanceof ModelError ? (error.retryAfterMs ?? 0) : 0] : [],
  );
  const retryAfterMs = Math.min(...waits);
  return new ModelError(code, [...new Set(all.map(({ message }) => message))].join("; "), {
    cause: only,
    isOfProfile: all.every((error) => error instanceof ModelError && error.isOfProfile),
    retryAfterMs: retryAfterMs > 0 ? retryAfterMs : null,
  });
}
