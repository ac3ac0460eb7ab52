import { isRecord } from "@soma/schemas/json";
import { readText } from "@soma/shared/read-text";
import type { Quote } from "../model-error.ts";
import { type Refusal, readRefusal, toResponseError } from "./errors.ts";
import { type Quirk, quirkOf } from "./quirks.ts";
import { MAX_EVENT_LENGTH } from "./sse.ts";

/** What a client has found out about its server, by asking it. */
export interface Learned {
  /** Address below which the operations are; undefined until one was answered. */
  base: string | undefined;
  quirks: ReadonlySet<Quirk>;
}

export interface AskServerParams {
  who: string;
  /** Addresses to try, in order; the next one only where nothing is at the one before. */
  bases: readonly string[];
  learned: Learned;
  quote: Quote;
  post(base: string, quirks: ReadonlySet<Quirk>): Promise<Response>;
  /** What can be left out of such a request. */
  possible: readonly Quirk[];
  /** Fields of the request that only servers like this one gave. */
  extra: readonly string[];
}

/**
 * The answer of a server, asked in the way it takes: where it is, and without what it refuses. What was found out is kept
 * once it has led to an answer, so that the next call asks once.
 */
export async function askServer({ who, bases, learned, quote, post, ...adapts }: AskServerParams): Promise<Response> {
  const refusals: Refusal[] = [];
  const places = learned.base === undefined ? bases : [learned.base];
  for (const base of places) {
    const quirks = new Set(learned.quirks);
    for (;;) {
      const response = await asRefused(await post(base, quirks), base !== places.at(-1));
      if (response.ok && !isPage(response)) {
        Object.assign(learned, { base, quirks });
        return response;
      }
      const refusal = await readRefusal(response, base);
      const quirk = quirkOf(refusal, quirks, adapts);
      if (quirk === undefined) {
        refusals.push(refusal);
        break;
      }
      quirks.add(quirk);
    }
    if (!isElsewhere(refusals.at(-1))) break;
  }
  // What a model server says of itself says more than that nothing is at another place.
  const told =
    refusals.find((refusal) => !isElsewhere(refusal)) ?? refusals.findLast(({ isJson }) => isJson) ?? refusals.at(-1);
  if (told === undefined) throw new Error(`${who} has no address to ask`);
  throw toResponseError(who, told, quote);
}

/** Some servers answer 200 with an error where nothing is: while there is another place to look, such an answer is read. */
async function asRefused(response: Response, hasNext: boolean): Promise<Response> {
  if (!hasNext || !response.ok || response.headers.get("content-type")?.includes("json") !== true) return response;
  const body = await readText(response.body, MAX_EVENT_LENGTH, "the answer");
  const isError = isErrorAlone(body);
  return new Response(body, {
    status: isError ? 404 : response.status,
    headers: { "content-type": "application/json" },
  });
}

function isErrorAlone(body: string): boolean {
  try {
    const json: unknown = JSON.parse(body);
    return isRecord(json) && (json.error ?? undefined) !== undefined && json.choices === undefined;
  } catch {
    return false;
  }
}

function isPage(response: Response): boolean {
  return response.headers.get("content-type")?.includes("html") === true;
}

/** Whether nothing that speaks of models is at this address. */
function isElsewhere(refusal: Refusal | undefined): boolean {
  return refusal !== undefined && (refusal.isPage || refusal.status === 404 || refusal.status === 405);
}
