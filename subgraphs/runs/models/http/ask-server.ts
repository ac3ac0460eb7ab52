import { isRecord } from "@soma/schemas/json";
import type { Quote } from "../model-error.ts";
import { type Refusal, readRefusal, toResponseError } from "./errors.ts";
import { type Quirk, quirkOf } from "./quirks.ts";
import { drop, isWhole, type Peeked, peek, readWhole } from "./read-json.ts";

/** What a client has found out about its server, by asking it. */
export interface Learned {
  /** Address below which the operations are; undefined until one was answered. */
  base: string | undefined;
  quirks: ReadonlySet<Quirk>;
}

/** What a server answers, and what was found out to get there; to be learned once the model has said something. */
interface Answered {
  body: Peeked;
  found: { base: string; quirks: ReadonlySet<Quirk> };
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
  answer: WholeAnswer;
}

/** What is known of an answer that is one JSON object. */
interface WholeAnswer {
  /** It has one of these fields. */
  fields: readonly string[];
  mostBytes: number;
}

/** The answer of a server, asked in the way it takes: where it is, and without what it refuses. */
export async function askServer(params: AskServerParams): Promise<Answered> {
  const { who, bases, learned, quote, post, answer: whole, ...adapts } = params;
  const refusals: Refusal[] = [];
  const places = learned.base === undefined ? bases : [learned.base];
  for (const base of places) {
    const quirks = new Set(learned.quirks);
    for (;;) {
      const { answer, refused } = await sort(await post(base, quirks), base !== places.at(-1) ? whole : undefined);
      if (answer !== undefined) return { body: answer, found: { base, quirks } };
      const refusal = await readRefusal(refused, base);
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

type Sorted =
  | { answer: Peeked; refused?: undefined }
  | { answer?: undefined; refused: Pick<Response, "status" | "headers" | "body"> };

/**
 * Tells an answer from what is none, by its begin, whatever it is labelled. Some servers answer 200 with an error or a
 * greeting where nothing is: while there is another place to look, JSON is read to its end for the fields of an answer.
 */
async function sort(response: Response, whole: WholeAnswer | undefined): Promise<Sorted> {
  const { status, headers, body } = response;
  if (!response.ok || isPage(response)) return { refused: response };
  const peeked = await peek(body ?? once(""));
  if (peeked.first === "<") {
    await drop(peeked);
    return { refused: { status, headers, body: new Response("<").body } };
  }
  if (whole === undefined || !isWhole(peeked)) return { answer: peeked };
  const text = await readWhole(peeked, whole.mostBytes);
  if (!isOther(text, whole.fields)) return { answer: { first: peeked.first, whole: once(text) } };
  return { refused: { status: 404, headers, body: new Response(text).body } };
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** Whether a text is JSON without an answer of a model in it. */
function isOther(text: string, fields: readonly string[]): boolean {
  try {
    const json: unknown = JSON.parse(text);
    return !isRecord(json) || fields.every((field) => json[field] === undefined);
  } catch {
    return false;
  }
}

function isPage(response: Response): boolean {
  return response.headers.get("content-type")?.includes("html") === true;
}

/** Whether nothing that speaks of models is at this address. */
function isElsewhere(refusal: Refusal | undefined): boolean {
  if (refusal === undefined) return false;
  const { status, isPage: isForPeople } = refusal;
  // A page with another status is that of a proxy, before a server that is away or that wants a key.
  return status === 404 || status === 405 || (isForPeople && status < 400);
}
