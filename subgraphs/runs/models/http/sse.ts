import { SomaError } from "@soma/shared/errors";
import { createParser } from "eventsource-parser";

/** Longest event that is kept, in characters: twice the longest answer, so only a broken server meets it. */
export const MAX_EVENT_LENGTH = 2_000_000;
/** Longest stream, in bytes, with everything in it that is no data. */
const MAX_STREAM_BYTES = 64_000_000;
/** Most events of a stream: several times what the longest answer has tokens. */
const MAX_EVENTS = 500_000;

/**
 * The `data` of each server-sent event, as the HTML standard reads the stream. One thing is more lenient: an event that
 * the end of the stream cuts off before its blank line is still given, because several model servers leave that line
 * out. Throws MODEL_FAILED for an event or a stream without an end.
 */
export async function* readEvents(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const events: string[] = [];
  let overflow = false;
  let size = 0;
  let count = 0;
  const parser = createParser({
    maxBufferSize: MAX_EVENT_LENGTH,
    onEvent({ data }) {
      count += 1;
      events.push(data);
    },
    onError: ({ type }) => {
      overflow ||= type === "max-buffer-size-exceeded";
    },
  });
  const feed = (text: string): string[] => {
    parser.feed(text);
    if (overflow) throw tooLong("an event", `${MAX_EVENT_LENGTH} characters`);
    if (count > MAX_EVENTS) throw tooLong("an answer", `${MAX_EVENTS} events`);
    return events.splice(0);
  };

  for await (const chunk of bytes) {
    size += chunk.byteLength;
    if (size > MAX_STREAM_BYTES) throw tooLong("an answer", `${MAX_STREAM_BYTES} bytes`);
    yield* feed(decoder.decode(chunk, { stream: true }));
  }
  yield* feed(`${decoder.decode()}\n\n`);
}

function tooLong(what: string, limit: string): SomaError {
  return new SomaError("MODEL_FAILED", `the stream holds ${what} of more than ${limit}, which no model answer needs`);
}
