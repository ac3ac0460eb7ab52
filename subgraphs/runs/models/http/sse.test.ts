import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { collect } from "../testing/collect.ts";
import { MAX_EVENT_LENGTH, readEvents } from "./sse.ts";

async function* pieces(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    yield bytes.subarray(from, cut);
    from = cut;
  }
}

async function eventsOf(text: string, cuts: readonly number[] = []): Promise<string[]> {
  return collect(readEvents(pieces(new TextEncoder().encode(text), cuts)));
}

describe("readEvents()", () => {
  test.each([
    ["LF", "data: a\n\ndata: b\n\n", ["a", "b"]],
    ["CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"]],
    ["CR", "data: a\r\rdata: b\r\r", ["a", "b"]],
    ["mixed line ends", "data: a\r\n\ndata: b\n\r\n", ["a", "b"]],
    ["no space after the colon, and only one space is taken", "data:a\n\ndata:  b\n\n", ["a", " b"]],
    ["comments and keep-alives", ": hello\n\n:\n\ndata: a\n: in between\ndata: b\n\n", ["a\nb"]],
    ["other fields", "event: message\nid: 7\nretry: 10\ndata: a\n\n", ["a"]],
    ["a field that only begins like data", "database: x\n\ndata: a\n\n", ["a"]],
    ["empty data", "data\n\ndata:\n\n", ["", ""]],
    ["a byte order mark", "\ufeffdata: a\n\n", ["a"]],
    ["an end without the blank line", "data: a\n\ndata: b\n", ["a", "b"]],
    ["an end without a line end", "data: a\n\ndata: b", ["a", "b"]],
    ["an end in a lone CR", "data: a\r", ["a"]],
    ["nothing", "", []],
  ])("reads a stream with %s", async (_name, text, expected) => {
    expect(await eventsOf(text)).toEqual(expected);
  });

  test("gives the same events wherever the bytes are cut, also inside a character and between CR and LF", async () => {
    const text =
      'data: {"content":"Zürich 東京 👩‍💻"}\r\n\r\n: ping\r\n\r\ndata: eins\r\ndata: zwei\n\ndata: [DONE]\r\r';
    const whole = await eventsOf(text);
    expect(whole).toEqual(['{"content":"Zürich 東京 👩‍💻"}', "eins\nzwei", "[DONE]"]);
    const length = new TextEncoder().encode(text).length;
    for (let cut = 0; cut <= length; cut += 1) expect(await eventsOf(text, [cut])).toEqual(whole);
    expect(
      await eventsOf(
        text,
        Array.from({ length }, (_, index) => index),
      ),
    ).toEqual(whole);
  });

  test("gives back any data that was written, cut anywhere", async () => {
    const line = fc.string({ unit: "grapheme" }).map((text) => text.replaceAll(/[\r\n\ufeff]/g, " "));
    await fc.assert(
      fc.asyncProperty(
        fc.array(line),
        fc.array(fc.nat(400)),
        fc.constantFrom("\n", "\r\n", "\r"),
        async (lines, cuts, end) => {
          const text = lines.map((data) => `data: ${data}${end}${end}`).join("");
          const length = new TextEncoder().encode(text).length;
          const sorted = cuts.map((cut) => Math.min(cut, length)).sort((a, b) => a - b);
          expect(await eventsOf(text, sorted)).toEqual(lines);
        },
      ),
    );
  });

  test("refuses an event and a stream without an end instead of growing", async () => {
    async function* endless(...pieces: string[]): AsyncGenerator<Uint8Array> {
      const [first = new Uint8Array(), again = first] = pieces.map((piece) => new TextEncoder().encode(piece));
      yield first;
      while (true) yield again;
    }
    const part = "x".repeat(100_000);
    const event = `an event of more than ${MAX_EVENT_LENGTH} characters`;
    await expect(collect(readEvents(endless("data: ", part)))).rejects.toThrow(event);
    await expect(collect(readEvents(endless(`data: ${part}\n`)))).rejects.toThrow(event);
    await expect(collect(readEvents(endless(part)))).rejects.toThrow("an answer of more than");
    const many = "data: {}\n\n".repeat(10_000);
    await expect(collect(readEvents(endless(many)))).rejects.toThrow("an answer of more than 500000 events");
  });

  test("closes its source when the reader stops early", async () => {
    let closed = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        yield new TextEncoder().encode("data: a\n\ndata: b\n\n");
        yield new TextEncoder().encode("data: c\n\n");
      } finally {
        closed = true;
      }
    }
    for await (const data of readEvents(source())) {
      expect(data).toBe("a");
      break;
    }
    expect(closed).toBe(true);
  });
});
