import { SomaError } from "@soma/shared/errors";

/** Longest line and longest event that is kept, in characters: twice the longest answer, so only a broken server meets it. */
export const MAX_EVENT_LENGTH = 2_000_000;

/**
 * The `data` of each server-sent event, as the HTML standard reads the stream: lines end in LF, CRLF or CR, lines of one
 * event are joined by LF, comments and other fields are skipped. One thing is more lenient: an event that the end of the
 * stream cuts off before its blank line is still given, because several model servers leave that line out.
 * Throws MODEL_FAILED for a line or an event longer than MAX_EVENT_LENGTH.
 */
export async function* readEvents(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let data: string | undefined;
  for await (const line of readLines(bytes)) {
    if (line === "") {
      if (data !== undefined) yield data;
      data = undefined;
      continue;
    }
    const value = dataOf(line);
    if (value === undefined) continue;
    data = data === undefined ? value : `${data}\n${value}`;
    if (data.length > MAX_EVENT_LENGTH) throw tooLong("an event");
  }
  if (data !== undefined) yield data;
}

function dataOf(line: string): string | undefined {
  if (line === "data") return "";
  if (!line.startsWith("data:")) return undefined;
  return line.slice(line[5] === " " ? 6 : 5);
}

async function* readLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of bytes) {
    // Only the new part is searched, and a CR at its end waits: the LF that belongs to it may be in the next chunk.
    const searched = Math.max(0, rest.length - 1);
    rest += decoder.decode(chunk, { stream: true });
    let start = 0;
    for (const end of lineEnds(rest, searched)) {
      yield rest.slice(start, end.at);
      start = end.next;
    }
    rest = rest.slice(start);
    if (rest.length > MAX_EVENT_LENGTH) throw tooLong("a line");
  }
  rest += decoder.decode();
  if (rest !== "") yield rest.endsWith("\r") ? rest.slice(0, -1) : rest;
}

function* lineEnds(text: string, from: number): Generator<{ at: number; next: number }> {
  const ends = /\r\n|\n|\r(?!$)/g;
  ends.lastIndex = from;
  for (let end = ends.exec(text); end !== null; end = ends.exec(text)) yield { at: end.index, next: ends.lastIndex };
}

function tooLong(what: string): SomaError {
  return new SomaError(
    "MODEL_FAILED",
    `the stream holds ${what} of more than ${MAX_EVENT_LENGTH} characters, which no model answer needs`,
  );
}
