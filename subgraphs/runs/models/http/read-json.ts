import { readText } from "@soma/shared/read-text";
import { ModelError } from "../model-error.ts";
import { MAX_EVENT_LENGTH, readEvents } from "./sse.ts";

/** Blank bytes before a body whose first character tells what it is. */
const MAX_BLANKS = 65_536;

/**
 * The JSON of each event up to [DONE] or the end of the stream. A server that ignores `stream` answers with one JSON object, which is
 * given whole. Servers and proxies label either as the other, so the first character decides.
 */
export async function* readJson(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const { first, whole } = await peek(body);
  if (first === "<")
    throw new ModelError(
      "MODEL_REFUSED",
      "what answers is a web page, not a model; check baseUrl of the model profile",
    );
  if (first === "{" || first === "[") {
    yield await readText(whole, MAX_EVENT_LENGTH, "the answer").catch((cause: Error) => {
      throw new ModelError("MODEL_FAILED", cause.message, { cause });
    });
    return;
  }
  for await (const data of readEvents(whole)) {
    if (data.trim() === "[DONE]") return;
    if (data.trim() !== "") yield data;
  }
}

/** The first character of a body that is no blank, and the body from its start. */
async function peek(body: AsyncIterable<Uint8Array>): Promise<{ first: string; whole: AsyncIterable<Uint8Array> }> {
  const chunks = body[Symbol.asyncIterator]();
  const read: Uint8Array[] = [];
  let first = "";
  for (let bytes = 0; first === "" && bytes < MAX_BLANKS; ) {
    const { done, value } = await chunks.next();
    if (done === true) break;
    read.push(value);
    bytes += value.byteLength;
    // Latin 1 keeps a character split over two chunks apart; only the first one is looked at, without its byte order mark.
    first = Buffer.from(value)
      .toString("latin1")
      .replace(/^[\s\u00ef\u00bb\u00bf]+/, "")
      .slice(0, 1);
  }
  async function* again(): AsyncGenerator<Uint8Array> {
    try {
      yield* read;
      for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
    } finally {
      await chunks.return?.();
    }
  }
  return { first, whole: again() };
}
