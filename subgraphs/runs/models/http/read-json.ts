import { SomaError } from "@soma/shared/errors";
import { readText } from "@soma/shared/read-text";
import { ModelError } from "../model-error.ts";
import { MAX_EVENT_LENGTH, readEvents } from "./sse.ts";

/** Blank bytes before a body whose first character tells what it is. */
const MAX_BLANKS = 65_536;

/** A body whose begin was looked at: its first character that is no blank, and all of it from the start. */
export interface Peeked {
  first: string;
  whole: AsyncIterable<Uint8Array>;
}

/**
 * The JSON of each event up to [DONE] or the end of the stream. A server that ignores `stream` answers with one JSON
 * object, which is given whole. Servers and proxies label either as the other, so the first character decides.
 */
export async function* readJson(body: Peeked): AsyncGenerator<string> {
  if (isWhole(body)) {
    yield await readWhole(body);
    return;
  }
  for await (const data of readEvents(body.whole)) {
    if (data.trim() === "[DONE]") return;
    if (data.trim() !== "") yield data;
  }
}

/** Whether a body is JSON as a whole, and no stream of events. */
export function isWhole({ first }: Peeked): boolean {
  return first === "{" || first === "[";
}

export function readWhole({ whole }: Peeked, mostBytes = MAX_EVENT_LENGTH): Promise<string> {
  return readText(whole, mostBytes, "the answer").catch((cause: unknown) => {
    // A connection that breaks is told as one.
    throw cause instanceof SomaError ? new ModelError("MODEL_FAILED", cause.message, { cause }) : cause;
  });
}

/** Leaves a body that nobody reads on; only what has begun can be left. */
export async function drop({ whole }: Peeked): Promise<void> {
  const chunks = whole[Symbol.asyncIterator]();
  await chunks.next();
  await chunks.return?.();
}

/** Looks at the begin of a body. */
export async function peek(body: AsyncIterable<Uint8Array>): Promise<Peeked> {
  const chunks = body[Symbol.asyncIterator]();
  const read: Uint8Array[] = [];
  let first = "";
  for (let bytes = 0; first === "" && bytes < MAX_BLANKS; ) {
    const { done, value } = await chunks.next();
    if (done === true) break;
    read.push(value);
    bytes += value.byteLength;
    // Latin 1 keeps a character split over two chunks apart; only the first one is looked at, without its byte order
    // mark.
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
