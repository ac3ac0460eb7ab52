import type { Quote } from "../model-error.ts";
import { type Refusal, readRefusal, toResponseError } from "./errors.ts";
import { type Quirk, quirkOf } from "./quirks.ts";

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
}

/**
 * The answer of a server, asked in the way it takes: where it is, and without what it refuses. What was found out is kept
 * once it has led to an answer, so that the next call asks once.
 */
export async function askServer({ who, bases, learned, quote, post }: AskServerParams): Promise<Response> {
  const refusals: Refusal[] = [];
  for (const base of learned.base === undefined ? bases : [learned.base]) {
    const quirks = new Set(learned.quirks);
    for (;;) {
      const response = await post(base, quirks);
      if (response.ok && !isPage(response)) {
        Object.assign(learned, { base, quirks });
        return response;
      }
      const refusal = await readRefusal(response, base);
      const quirk = quirkOf(response.status, refusal.said, quirks);
      if (quirk === undefined) {
        refusals.push(refusal);
        break;
      }
      quirks.add(quirk);
    }
    if (!isElsewhere(refusals.at(-1))) break;
  }
  // What a server says in words of its own says more than a page that is not there.
  const told = refusals.find(({ isJson }) => isJson) ?? refusals.at(-1);
  if (told === undefined) throw new Error(`${who} has no address to ask`);
  throw toResponseError(who, told, quote);
}

function isPage(response: Response): boolean {
  return response.headers.get("content-type")?.includes("html") === true;
}

/** Whether nothing that speaks of models is at this address. */
function isElsewhere(refusal: Refusal | undefined): boolean {
  return refusal !== undefined && (refusal.isPage || refusal.status === 404 || refusal.status === 405);
}
