import { createSilentLog } from "@soma/shared/log";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createFrameWriter, type FrameWriterOptions } from "./frame-writer.ts";

const never = new AbortController().signal;

/** A stream that stores frames by place, as the table does. */
function aStream(changes: Partial<FrameWriterOptions> = {}) {
  const stored = new Map<number, string>();
  const calls: number[] = [];
  const options: FrameWriterOptions = {
    maxBytes: 100_000,
    log: createSilentLog(),
    onLost: () => {},
    async append(firstSeq, texts) {
      calls.push(texts.length);
      for (const [index, text] of texts.entries())
        if (!stored.has(firstSeq + index)) stored.set(firstSeq + index, text);
      return true;
    },
    ...changes,
  };
  return { writer: createFrameWriter(options), stored, calls, options };
}

describe("createFrameWriter()", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("gathers small texts for 50 ms into one frame", async () => {
    const { writer, stored } = aStream();
    for (const text of ["a", "b", "c"]) writer.write(text);
    await vi.advanceTimersByTimeAsync(49);
    expect(stored.size).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect([...stored]).toEqual([[1, "abc"]]);
  });

  it("stores a kilobyte at once, in frames of at most 16 KB", async () => {
    const { writer, stored } = aStream();
    writer.write("x".repeat(40_000));
    await vi.advanceTimersByTimeAsync(0);
    expect([...stored.values()].map((text) => text.length)).toEqual([16_384, 16_384, 7_232]);
    expect([...stored.keys()]).toEqual([1, 2, 3]);
  });

  it("stores what is left when it closes, and drops what comes after", async () => {
    const { writer, stored } = aStream();
    writer.write("end");
    await writer.close(never);
    writer.write("late");
    await vi.advanceTimersByTimeAsync(1_000);
    expect([...stored.values()].join("")).toBe("end");
  });

  it("keeps a character together that comes in two halves, and replaces a half that stays alone", async () => {
    const { writer, stored } = aStream();
    writer.write("\ud83d");
    await vi.advanceTimersByTimeAsync(60);
    writer.write("\ude00 \ud83d");
    await writer.close(never);
    expect([...stored.values()].join("")).toBe("😀 \ufffd");
  });

  it("drops what is beyond its limit, counted after NUL was replaced", async () => {
    const { writer, stored } = aStream({ maxBytes: 7 });
    expect(writer.write("\u0000abc")).toBe(true);
    expect(writer.write("ä")).toBe(false);
    expect(writer.write("y")).toBe(false);
    expect(writer.truncated()).toBe(true);
    await writer.close(never);
    expect([...stored.values()].join("")).toBe("\ufffdabc");
  });

  it("repeats the same frames after a failure that had been stored all the same, and loses nothing written meanwhile", async () => {
    let failures = 0;
    const inner = aStream();
    const { writer } = aStream({
      async append(firstSeq, texts) {
        await inner.options.append(firstSeq, texts);
        if (failures < 2) {
          failures += 1;
          throw new Error("the connection broke after the commit");
        }
        return true;
      },
    });
    writer.write("first");
    await vi.advanceTimersByTimeAsync(60);
    writer.write(" second");
    const closed = writer.close(never);
    await vi.advanceTimersByTimeAsync(5_000);
    await closed;
    expect([...inner.stored]).toEqual([
      [1, "first"],
      [2, " second"],
    ]);
  });

  it("stops when the stream is another's, and says so once", async () => {
    const onLost = vi.fn();
    const append = vi.fn(async () => false);
    const { writer } = aStream({ append, onLost });
    writer.write("x".repeat(2_000));
    await vi.advanceTimersByTimeAsync(0);
    writer.write("y".repeat(2_000));
    await writer.close(never);
    expect(onLost).toHaveBeenCalledTimes(1);
    expect(append).toHaveBeenCalledTimes(1);
  });

  it("gives up closing when its signal aborts while the store fails", async () => {
    const { writer } = aStream({ append: () => Promise.reject(new Error("down")) });
    const stop = new AbortController();
    writer.write("x");
    const closed = writer.close(stop.signal);
    await vi.advanceTimersByTimeAsync(10_000);
    stop.abort();
    await closed;
  });
});
